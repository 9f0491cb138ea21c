import type { ReportPastRun } from '../document/schema.ts';

/** How a run ended on a host, for people. */
const endWords: Readonly<Record<string, string>> = {
  committed: 'changed',
  reverted: 'rolled back',
  deferred: 'deferred',
  refused: 'refused',
  abandoned: 'ended early',
  queued: 'queued',
  kept: 'kept unconfirmed',
  conflict: 'in conflict',
  stuck: 'stuck',
};

/** How one ended that had waited until nobody was there, by the code of its error. */
const queueWords: Readonly<Record<string, string>> = {
  withdrawn: 'withdrawn',
  replaced: 'replaced',
  expired: 'expired',
};

/** How a past run ended on one host. */
export function endOnHost({ state, error }: ReportPastRun['hosts'][number]): string {
  const ended = state === 'abandoned' ? queueWords[error?.code ?? ''] : undefined;
  return ended ?? endWords[state] ?? `not finished (${state})`;
}
