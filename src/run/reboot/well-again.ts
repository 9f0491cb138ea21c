import { setTimeout as sleep } from 'node:timers/promises';
import type { Inventory, InventoryHost } from '../../inventory/inventory.ts';
import { mergeReads } from '../../model/merge-reads.ts';
import { noReads, type Query, type Reads } from '../../model/reads.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { downWords } from '../../playbook/resolve/health.ts';
import { healthOf, readsOf } from '../../playbook/resolve/reads.ts';
import { lookAt } from '../look.ts';
import type { ApplyOptions } from '../options.ts';
import { type RebootFacts, rebootFacts } from './facts.ts';

/** A host as it was looked at. */
export interface SeenHost {
  readonly snapshot: Pick<Snapshot, 'units' | 'failedUnits'>;
  /** undefined: they could not be asked */
  readonly facts: RebootFacts | undefined;
  /** why its services serve nobody, in a few words; undefined if nothing indicates that */
  readonly down: string | undefined;
}

/**
 * What isn't as it was before a host was restarted, and would be: units of the playbook that were active,
 * units that have failed, and what its health checks find. Each in words; empty: it is well.
 */
export function missingAfter(before: SeenHost, after: SeenHost): readonly string[] {
  const units = [...before.snapshot.units].flatMap(([name, { load, active }]) => {
    const now = after.snapshot.units.get(name)?.active ?? 'gone';
    return load === 'loaded' && active === 'active' && now !== 'active' ? [`${name} is ${now}`] : [];
  });
  const failed = after.snapshot.failedUnits
    .filter((name) => !before.snapshot.failedUnits.includes(name))
    .map((name) => `${name} is failed`);
  const down = after.down === undefined || before.down !== undefined ? [] : [after.down];
  return [...new Set([...units, ...failed, ...down])];
}

/** Other services that were active before, and aren't now; nothing says that they have to be. */
export function otherMissing(before: SeenHost, after: SeenHost): readonly string[] {
  const { facts } = after;
  if (facts === undefined || before.facts === undefined) return [];
  return before.facts.services.filter(
    (name) =>
      !facts.services.includes(name) &&
      !before.snapshot.units.has(name) &&
      !before.snapshot.units.has(name.replace(/\.service$/, '')),
  );
}

/** What the wait came to. */
export type WellAgain =
  | { readonly kind: 'well'; readonly after: SeenHost }
  /** the time is up; what is missing, in words */
  | { readonly kind: 'late'; readonly missing: readonly string[] }
  /** the operator doesn't wait for it */
  | { readonly kind: 'left' };

export interface WellOptions extends Pick<ApplyOptions, 'inventory' | 'connect' | 'leave' | 'progress'> {
  readonly host: InventoryHost;
  readonly query: Query;
  /** as it was before */
  readonly before: SeenHost;
  /** seconds */
  readonly timeout: number;
}

/** Between two looks; what is well has to be so in both. Milliseconds. */
const pause = 3_000;

/** Waits until a host that was restarted is as it was before. */
export async function wellAgain(options: WellOptions): Promise<WellAgain> {
  const { host, before, leave, timeout, progress } = options;
  const until = Date.now() + timeout * 1_000;
  let told = '';
  for (let wasWell = false; ; ) {
    const seen = await seeAgain(options);
    if (leave.aborted) return { kind: 'left' };
    const missing = typeof seen === 'string' ? [seen] : missingAfter(before, seen);
    if (typeof seen !== 'string' && missing.length === 0) {
      if (wasWell) return { kind: 'well', after: seen };
      wasWell = true;
    } else {
      wasWell = false;
      if (Date.now() >= until) return { kind: 'late', missing };
      const [first = ''] = missing;
      const detail = `not yet as before: ${first}${missing.length > 1 ? `, and ${missing.length - 1} more` : ''}`;
      if (detail !== told) progress({ kind: 'host', host: host.name, phase: 'checking', detail });
      told = detail;
    }
    await sleep(pause, undefined, { signal: leave }).catch(() => undefined);
  }
}

/** All that is looked at before a host is restarted, and after. */
export function rebootReads(inventory: Inventory, host: InventoryHost, query: Query): Reads {
  return mergeReads([readsOf(inventory, host, { guards: false }), { ...noReads, queries: [query] }]);
}

/** The host in what was read of it. */
export function seenHost(
  inventory: Inventory,
  host: InventoryHost,
  { snapshot, query }: { readonly snapshot: Snapshot; readonly query: Query },
): SeenHost {
  const down = downWords(healthOf(inventory, host, snapshot), snapshot);
  return { snapshot, facts: rebootFacts(snapshot, query), down };
}

async function seeAgain({ host, query, inventory, connect, leave }: WellOptions): Promise<SeenHost | string> {
  const reads = () => rebootReads(inventory, host, query);
  const { snapshot, problem } = await lookAt(host, reads, { inventory, connect, signal: leave });
  if (snapshot === undefined) return `it can't be asked: ${problem?.message ?? 'nobody knows why'}`;
  return seenHost(inventory, host, { snapshot, query });
}
