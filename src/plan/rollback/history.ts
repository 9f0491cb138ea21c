import type { PastRun, RunOnHost } from '../../model/history.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { RunRecord } from '../../model/transaction.ts';
import { baseRun } from './plan-rollback.ts';
import { runOrder } from './run-order.ts';

/** What one host reports about one run or stage. */
export interface Remembered {
  readonly host: string;
  readonly role: string;
  readonly run: string;
  readonly state: string;
  readonly record: RunRecord | undefined;
  readonly problem: Problem | undefined;
  readonly warnings: readonly string[];
  /** seconds since the epoch by the host's clock */
  readonly begunAt: number | undefined;
  readonly stateSince: number | undefined;
}

/**
 * The runs that hosts remember, each once with all its hosts, latest first; each host's in the order in which
 * it carried them out. A run without any record is left out.
 */
export function pastRuns(remembered: readonly Remembered[]): readonly PastRun[] {
  const hosts = [...new Set(remembered.map(({ host }) => host))];
  const order = runOrder(hosts.map((host) => remembered.filter((one) => one.host === host)));
  const runs = new Map<string, Remembered[]>();
  for (const one of remembered) {
    const run = baseRun(one.run);
    runs.set(run, [...(runs.get(run) ?? []), one]);
  }
  const undoneBy = new Map(
    remembered
      .filter(({ state }) => state === 'committed')
      .flatMap(({ run, record }) =>
        record?.undoes === undefined ? [] : [[record.undoes, baseRun(run)] as const],
      )
      .sort(([, one], [, other]) => order.indexOf(one) - order.indexOf(other)),
  );
  return [...order].reverse().flatMap((run) => pastRun(run, runs.get(run) ?? [], undoneBy.get(run)) ?? []);
}

/** The latest run that a host kept; undefined if it remembers none. */
export function lastKept(runs: readonly PastRun[], host: string): PastRun | undefined {
  return runs.find((run) =>
    run.hosts.some((one) => one.host === host && (one.state === 'committed' || one.state === 'kept')),
  );
}

function pastRun(
  run: string,
  parts: readonly Remembered[],
  undoneBy: string | undefined,
): PastRun | undefined {
  const record = parts.find((part) => part.record !== undefined)?.record;
  if (record === undefined) return undefined;
  const { command, operator, from, version, startedAt, undoes } = record;
  const hosts = [...new Set(parts.map(({ host }) => host))];
  return {
    ...{ run, command, operator, from, version, startedAt, undoes, undoneBy },
    hosts: hosts.map((host) => onHost(parts.filter((part) => part.host === host))),
  };
}

function onHost(stages: readonly Remembered[]): RunOnHost {
  const sorted = [...stages].sort((one, other) => (one.run < other.run ? -1 : 1));
  const last = sorted.at(-1);
  if (last === undefined) throw new Error('a run without a host');
  const durations = sorted.flatMap(({ begunAt, stateSince }) =>
    begunAt === undefined || stateSince === undefined ? [] : [Math.max(0, stateSince - begunAt) * 1000],
  );
  return {
    host: last.host,
    role: last.role,
    state: last.state,
    records: sorted.flatMap(({ record }) => record ?? []),
    problem: last.problem,
    warnings: sorted.flatMap(({ warnings }) => warnings),
    durationMs: durations.length === 0 ? undefined : durations.reduce((sum, one) => sum + one),
  };
}
