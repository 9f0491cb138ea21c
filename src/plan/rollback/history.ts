import type { PastRun, RunOnHost } from '../../model/history.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { QueuedRun } from '../../model/queue.ts';
import type { RunRecord } from '../../model/transaction.ts';
import type { UpgradedPackage } from '../../model/upgrade.ts';
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
  readonly upgraded?: readonly UpgradedPackage[] | undefined;
  /** ids of the handlers that were started */
  readonly started: readonly string[];
  /** what it waits for; undefined unless its state is `queued` */
  readonly queued?: QueuedRun | undefined;
  /** seconds since the epoch by the host's clock */
  readonly begunAt: number | undefined;
  readonly stateSince: number | undefined;
}

/**
 * The runs that hosts remember, each once with all its hosts, latest first; each host's in the order in which
 * it carried them out. A run without any record is left out.
 */
export function pastRuns(remembered: readonly Remembered[]): readonly PastRun[] {
  const order = runOrder([...groupsOf(remembered, ({ host }) => host).values()]);
  const place = new Map(order.map((run, index) => [run, index] as const));
  const runs = groupsOf(remembered, ({ run }) => baseRun(run));
  const undone = remembered
    .filter(({ state }) => state === 'committed')
    .flatMap(({ host, run, record }) =>
      record?.undoes === undefined ? [] : [[onHostKey(host, record.undoes), baseRun(run)] as const],
    )
    .sort(([, one], [, other]) => (place.get(one) ?? 0) - (place.get(other) ?? 0));
  const undoneBy = new Map(undone);
  const latest = (some: readonly string[]) =>
    some.reduce((one, other) => ((place.get(one) ?? 0) > (place.get(other) ?? 0) ? one : other));
  return [...order].reverse().flatMap((run) => pastRun(run, runs.get(run) ?? [], { undoneBy, latest }) ?? []);
}

function groupsOf<Item>(items: readonly Item[], keyOf: (item: Item) => string): ReadonlyMap<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const known = groups.get(keyOf(item));
    if (known === undefined) groups.set(keyOf(item), [item]);
    else known.push(item);
  }
  return groups;
}

function onHostKey(host: string, run: string): string {
  return `${host} ${run}`;
}

/** The latest run that a host kept; undefined if it remembers none. */
export function lastKept(runs: readonly PastRun[], host: string): PastRun | undefined {
  return runs.find((run) =>
    run.hosts.some((one) => one.host === host && (one.state === 'committed' || one.state === 'kept')),
  );
}

interface Undone {
  /** by host and run: the run that undid it there */
  readonly undoneBy: ReadonlyMap<string, string>;
  readonly latest: (runs: readonly string[]) => string;
}

function pastRun(
  run: string,
  parts: readonly Remembered[],
  { undoneBy, latest }: Undone,
): PastRun | undefined {
  const record = parts.find((part) => part.record !== undefined)?.record;
  if (record === undefined) return undefined;
  const { command, operator, from, version, startedAt, now, despitePolls, undoes } = record;
  const hosts = [...groupsOf(parts, ({ host }) => host)].map(([host, stages]) =>
    onHost(stages, undoneBy.get(onHostKey(host, run))),
  );
  const changed = hosts.filter(hasChanged);
  const by = changed.flatMap((host) => host.undoneBy ?? []);
  const everywhere = by.length > 0 && by.length === changed.length ? latest(by) : undefined;
  const said = { ...(now ? { now } : {}), ...(despitePolls ? { despitePolls } : {}) };
  const who = { run, command, operator, from, version, startedAt, ...said };
  return { ...who, undoes, undoneBy: everywhere, hosts };
}

/** Whether there is something on the host to undo. */
function hasChanged({ state, records }: RunOnHost): boolean {
  return (state === 'committed' || state === 'kept') && records.some(({ changes }) => changes.length > 0);
}

/** People came in the last moment, or something was in the way: the same was tried again in the next part. */
const nothingBegun: readonly string[] = ['deferred', 'refused', 'abandoned'];

function onHost(stages: readonly Remembered[], undoneBy: string | undefined): RunOnHost {
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
    records: sorted
      .filter((stage) => stage === last || !nothingBegun.includes(stage.state))
      .flatMap(({ record }) => record ?? []),
    ran: sorted.flatMap(({ started }) => started),
    undoneBy,
    problem: last.problem,
    warnings: sorted.flatMap(({ warnings }) => warnings),
    ...(last.queued === undefined ? {} : { queued: last.queued }),
    upgraded: sorted.flatMap(({ upgraded = [] }) => upgraded),
    durationMs: durations.length === 0 ? undefined : durations.reduce((sum, one) => sum + one),
  };
}
