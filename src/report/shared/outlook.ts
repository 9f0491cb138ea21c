import type { ReportDocument, ReportHost } from '../document/schema.ts';
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
  { rollout = [], force }: Pick<ReportDocument, 'rollout' | 'force'>,
): Outlook | undefined {
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
  const policy = own.whenBusy ?? 'refuse';
  const isBusy = askedGuards(host).some(({ state }) => state !== 'idle');
  if (!isBusy || force === true || policy === 'force') return undefined;
  const words = {
    refuse: 'would be deferred',
    later: 'would be queued',
    wait: 'would wait',
    drain: 'would wait',
  };
  return { words: words[policy], short: words[policy].replace(/^would be /, ''), isHeld: false };
}

/** The reports of guards that are asked in this plan. */
export function askedGuards(host: ReportHost): ReportHost['guards'] {
  const asking = stagesOf(host).flatMap(({ changes, handlers }) => [...changes, ...handlers]);
  const asked = new Set(asking.flatMap(({ guards = [] }) => guards));
  return host.guards.filter((report) => asked.has(report.guard));
}
