import type { RunOnHost } from '../../host/runs.ts';
import type { Problem } from '../../model/operator-error.ts';
import { baseRun } from '../../plan/rollback/plan-rollback.ts';

/** What a host remembers of an upgrade. */
export type Recorded =
  | { readonly kind: 'never' }
  /** its command was carried out; what followed it may not have been */
  | { readonly kind: 'done'; readonly run: string; readonly at: number | undefined }
  /** it is being carried out, or nobody knows yet that it isn't any more */
  | { readonly kind: 'underway'; readonly run: string }
  /** it was begun, and failed or was broken off */
  | { readonly kind: 'failed'; readonly run: string; readonly problem: Problem | undefined };

type Run = Pick<RunOnHost, 'run' | 'state' | 'record' | 'acted' | 'done' | 'stateSince' | 'problem'>;

const ended: readonly string[] = [
  ...['committed', 'reverted', 'kept', 'refused', 'deferred', 'abandoned', 'conflict', 'stuck'],
];

/**
 * Of all runs of a host, oldest first, what became of the upgrade with this digest the last time. One that
 * was put off, or refused before its command began, counts as never done. `at` is in seconds by the host's
 * clock.
 */
export function recordedOf(runs: readonly Run[], digest: string): Recorded {
  for (const { run, state, record, acted, done, stateSince, problem } of [...runs].reverse()) {
    const action = record?.actions?.find((one) => one.digest === digest);
    if (action === undefined) continue;
    if (done.includes(action.name)) return { kind: 'done', run: baseRun(run), at: stateSince };
    if (!ended.includes(state)) return { kind: 'underway', run };
    if (acted.includes(action.name)) return { kind: 'failed', run, problem };
  }
  return { kind: 'never' };
}

/** The ids of all runs that have begun to upgrade the host, whatever to. */
export function upgradeRuns(runs: readonly Run[]): readonly string[] {
  return runs
    .filter(({ record }) => record?.actions?.some(({ digest }) => digest !== undefined))
    .map(({ run }) => baseRun(run));
}
