import type { ReportDocument, ReportHost, ReportRollout } from '../document/schema.ts';
import { differs, stagesOf } from './reading.ts';

/**
 * What becomes of a host that differs, where a run wouldn't change it now: `isHeld`, not at all in this run;
 * otherwise it depends on whether people are still there.
 */
export interface Outlook {
  readonly words: string;
  /** the same in a column, where fewer words do */
  readonly short: string;
  readonly isHeld: boolean;
}

/** Undefined for a host that would be changed, or on which nothing is to be done. */
export function outlookOf(
  host: ReportHost,
  document: Pick<ReportDocument, 'rollout' | 'force' | 'hosts'>,
): Outlook | undefined {
  const { rollout = [], force } = document;
  if (host.status !== 'would-change' || !differs(host)) return undefined;
  const held = rollout.find((one) => one.held.includes(host.name));
  if (held !== undefined) {
    const by = held.heldUpBy;
    const words = by === undefined ? 'held back' : `held up by ${by}`;
    return { words, short: words, isHeld: true };
  }
  // What only looks has no rollout, and says nothing of what a run would do.
  const own = rollout.find(
    ({ hosts, queue }) => hosts.includes(host.name) || queue?.hosts.includes(host.name),
  );
  if (own === undefined) return undefined;
  const waitsFor = keptFor(own, document);
  if (waitsFor !== undefined) return waitsFor;
  const policy = own.whenBusy ?? 'refuse';
  const isBusy = askedGuards(host).some(({ state }) => state !== 'idle');
  if (!isBusy || force === true || policy === 'force') return undefined;
  // Who is there goes with what another host takes over.
  if (handedOver(host, document) !== undefined) return undefined;
  if (policy === 'drain' && own.noDrain) {
    return { words: "can't be drained", short: "can't be drained", isHeld: true };
  }
  const words = {
    refuse: 'would be deferred',
    later: 'would be queued',
    wait: 'would wait',
    drain: 'would wait',
  };
  return { words: words[policy], short: words[policy].replace(/^would be /, ''), isHeld: false };
}

/**
 * What becomes of hosts that are given back after others, as people reach those through them: the same as of
 * the first of those that isn't changed at once.
 */
function keptFor(
  own: ReportRollout,
  document: Pick<ReportDocument, 'rollout' | 'force' | 'hosts'>,
): Outlook | undefined {
  const { after } = own;
  const { rollout = [], hosts } = document;
  if (after === undefined) return undefined;
  for (const { hosts: begun, queue } of rollout.slice(0, rollout.indexOf(own))) {
    for (const host of hosts) {
      if (!begun.includes(host.name) && !queue?.hosts.includes(host.name)) continue;
      if (after === 'leaving' && host.retires !== true) continue;
      const outlook = outlookOf(host, document);
      // Nobody queues these: they are put off where those aren't done in this run.
      if (outlook?.words === 'would be queued') {
        return { words: 'would be deferred', short: 'deferred', isHeld: false };
      }
      if (outlook !== undefined && !outlook.isHeld) return outlook;
    }
  }
  return undefined;
}

/** The reports of guards that are asked in this plan. */
export function askedGuards(host: ReportHost): ReportHost['guards'] {
  const asking = stagesOf(host).flatMap(({ changes, handlers }) => [...changes, ...handlers]);
  const asked = new Set(asking.flatMap(({ guards = [] }) => guards));
  return host.guards.filter((report) => asked.has(report.guard));
}

/** What another host takes over before this one begins, in words; undefined where there is nothing. */
export function handedOver(
  { name }: Pick<ReportHost, 'name'>,
  { rollout = [] }: Pick<ReportDocument, 'rollout'>,
): string | undefined {
  return rollout.find((one) => one.handsOver?.hosts.includes(name))?.handsOver?.what;
}

/** What is done with people on a host; `moved`: another host takes over first. */
export type PolicyForHost = NonNullable<ReportRollout['whenBusy']> | 'moved';

export function policyFor(
  host: ReportHost,
  document: Pick<ReportDocument, 'rollout' | 'force'>,
): PolicyForHost {
  const { rollout = [], force = false } = document;
  if (force) return 'force';
  const policy = rollout.find(({ role }) => role === host.role)?.whenBusy ?? 'refuse';
  return policy !== 'force' && handedOver(host, document) !== undefined ? 'moved' : policy;
}
