import pLimit from 'p-limit';
import { hasEnded } from '../../host/run-state.ts';
import { type InventoryHost, roleOf } from '../../inventory/inventory.ts';
import { durationWords } from '../../model/duration.ts';
import type { Guard } from '../../model/handler.ts';
import { guardsOf } from '../../playbook/resolve/reads.ts';
import { askThese } from '../busy/ask-guards.ts';
import { policyOf } from '../busy/policy.ts';
import { isOverHere } from '../claims/leases.ts';
import type { RunOptions } from '../options.ts';
import { isReserved, type SeenOnHost, type SeenRun } from './seen-run.ts';

/** Between two questions to one host. Milliseconds. */
const pause = 10_000;

/**
 * Tells of the hosts of a run that goes on which of them wait for people to go, and who is there. Only the
 * run's controller knows that it waits; whoever follows it elsewhere sees that such a host has its turn, and
 * asks the same guards. Nothing is told of a run whose controller is gone, or that isn't one of `apply`.
 */
export function waitingTeller(options: RunOptions): (seen: SeenRun) => Promise<void> {
  const asked = new Map<string, number>();
  const told = new Map<string, string>();
  const limit = pLimit(options.parallel);
  const isDue = ({ name }: InventoryHost) => performance.now() - (asked.get(name) ?? -pause) >= pause;
  return async (seen) => {
    if (!isReserved(seen, (lease) => isOverHere({ lease }))) return;
    const atMost = durationWords(seen.agreement.options?.waitTimeout ?? 0);
    const one = async (host: InventoryHost, guards: readonly Guard[]) => {
      asked.set(host.name, performance.now());
      const found = await askThese(host, guards, options);
      if (found.kind === 'empty' || found.words === told.get(host.name) || options.signal.aborted) return;
      told.set(host.name, found.words);
      const detail = `${found.words}; waits ${atMost} at most`;
      options.progress({ kind: 'host', host: host.name, phase: 'waiting', detail });
    };
    const waiting = waitedFor(seen, options).filter(({ host }) => isDue(host));
    await Promise.all(waiting.map(({ host, guards }) => limit(() => one(host, guards))));
  };
}

interface Waited {
  readonly host: InventoryHost;
  readonly guards: readonly Guard[];
}

/** Hosts whose role has its turn, that have not begun, and whose guards are asked before they do. */
export function waitedFor(
  { agreement: { hosts, options: agreed, plan }, hosts: seen }: SeenRun,
  { inventory }: Pick<RunOptions, 'inventory'>,
): readonly Waited[] {
  if (agreed === undefined || plan === undefined) return [];
  const due = hosts.filter((one) => one.due);
  const on = new Map(seen.map((one) => [one.host.name, one]));
  const roles = [...new Set(inventory.hosts.map(({ role }) => role))];
  const turn = Math.min(
    ...due.filter(({ host }) => !isOver(on.get(host))).map(({ role }) => roles.indexOf(role)),
  );
  return due.flatMap(({ host: name, role }) => {
    const one = on.get(name);
    const whenBusy = policyOf(role, { inventory, whenBusy: agreed.whenBusy });
    if (one === undefined || whenBusy !== 'wait' || roles.indexOf(role) !== turn || hasBegun(one)) return [];
    const handlers = plan.hosts.find(({ host }) => host === name)?.stages.flatMap((stage) => stage.handlers);
    const asking = roleOf(inventory.playbook, role).handlers.filter(({ id }) => handlers?.includes(id));
    const ids = new Set(asking.flatMap(({ guards }) => guards));
    const guards = guardsOf(inventory, one.host).filter(({ id }) => ids.has(id));
    return guards.length === 0 ? [] : [{ host: one.host, guards }];
  });
}

/** One that was put off is waited for once more. */
function hasBegun({ known }: SeenOnHost): boolean {
  const last = known?.stages.at(-1);
  return last !== undefined && last.state !== 'deferred';
}

function isOver(one: SeenOnHost | undefined): boolean {
  const last = one?.known?.stages.at(-1);
  return last !== undefined && hasEnded(last.state) && last.state !== 'deferred';
}
