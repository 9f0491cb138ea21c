import pLimit from 'p-limit';
import { unlock } from '../host/unlock.ts';
import type { InventoryHost } from '../inventory/inventory.ts';
import { spanWords } from '../model/claims.ts';
import { OperatorError, OperatorErrors, problemsOf } from '../model/operator-error.ts';
import { emptyPlan } from '../model/plan.ts';
import { noReads } from '../model/reads.ts';
import { exitStatus, type HostResult, type RunResult, type Status } from '../model/result.ts';
import { baseRun } from '../plan/rollback/plan-rollback.ts';
import { limitedTo } from './limit.ts';
import { hasAnswered, look } from './look.ts';
import type { RunOptions } from './options.ts';

/** A host on which a run, or a stage of it, is in progress, or that it has reserved. */
export interface Holder {
  readonly host: InventoryHost;
  readonly machineId: string;
  /** the id on that host, including its stage */
  readonly run: string;
  /** the operator, the origin and the command */
  readonly who: string;
}

/**
 * The hosts on which the run is in progress, and those that it has reserved: it may be between two hosts, or
 * its controller dead. Throws an OperatorError `not-locked` if there is none.
 */
export async function findHolders(run: string, options: RunOptions): Promise<readonly Holder[]> {
  const chosen = limitedTo(options.inventory.hosts, options.limit);
  const looks = await look(options, () => noReads);
  const alive = looks.flatMap(({ host, snapshot }) =>
    (snapshot?.unsettled ?? []).flatMap((one) =>
      one.alive
        ? [{ host, machineId: snapshot?.machineId ?? '', run: one.run, who: one.who ?? one.run }]
        : [],
    ),
  );
  const reserved = looks.flatMap(({ host, snapshot }) => {
    const { lease } = snapshot ?? {};
    const isAtWork = alive.some((one) => one.host === host && baseRun(one.run) === lease?.run);
    if (lease === undefined || isAtWork) return [];
    const who = `${lease.by} from ${lease.from}, ${lease.command}, run ${lease.run}, reserved`;
    return [
      { host, machineId: snapshot?.machineId ?? '', run: lease.run, who: `${who} ${spanWords(lease)}` },
    ];
  });
  const queued = looks.flatMap(({ host, snapshot }) =>
    (snapshot?.queued ?? []).map(({ run: id, who }) => ({
      ...{ host, machineId: snapshot?.machineId ?? '', run: id },
      who: `${who ?? id}, which waits there until nobody is there`,
    })),
  );
  const holders = [...alive, ...reserved, ...queued].filter(
    (one) => chosen.has(one.host.name) && baseRun(one.run) === baseRun(run),
  );
  if (holders.length > 0) return holders;
  const refused = looks.flatMap(({ host, problem }) =>
    problem !== undefined && hasAnswered(problem) && chosen.has(host.name) ? [problem] : [],
  );
  // Without permission to look, the run can't be ruled out there.
  if (refused.length > 0) throw new OperatorErrors(refused);
  const others = [...new Set([...alive, ...reserved].map((one) => baseRun(one.run)))];
  const lost = looks.filter(({ snapshot }) => snapshot === undefined).map(({ host }) => host.name);
  throw new OperatorError({
    code: 'not-locked',
    message: `the run ${run} is not in progress on any reachable host`,
    next: `${others.length === 0 ? 'no other run is in progress either' : `runs in progress: ${others.join(', ')}`}${lost.length === 0 ? '' : `; not reached: ${lost.join(', ')}`}`,
  });
}

/** End the run's work on these hosts; each of them finishes or reverts before this returns. */
export async function unlockHosts(
  run: string,
  holders: readonly Holder[],
  options: RunOptions,
): Promise<{ readonly result: RunResult; readonly exitStatus: number }> {
  const limit = pLimit(options.parallel);
  const hosts = await Promise.all(holders.map((holder) => limit(() => unlockHost(holder, options))));
  const result = { command: 'unlock', run, hosts, warnings: [], interrupted: options.signal.aborted };
  return { result, exitStatus: statusOfAll(hosts) };
}

async function unlockHost(
  { host, machineId, run }: Holder,
  { connect, inventory }: Pick<RunOptions, 'connect' | 'inventory'>,
): Promise<HostResult> {
  const start = performance.now();
  const result = (rest: Pick<HostResult, 'status' | 'problem'> & Partial<HostResult>): HostResult => ({
    plan: emptyPlan(host),
    ran: [],
    warnings: [],
    durationMs: Math.round(performance.now() - start),
    ...rest,
  });
  try {
    const connection = await connect(host.ssh, {});
    try {
      const { state, warnings } = await unlock(connection, {
        ...{ run, machineId, cluster: inventory.cluster.name, lease: baseRun(run) },
      });
      return result({ status: statusOf[state] ?? 'unknown', problem: undefined, warnings });
    } finally {
      connection.close().catch(() => undefined);
    }
  } catch (error) {
    const [problem] = problemsOf(error);
    return result({ status: 'failed', problem: problem && { ...problem, host: host.name } });
  }
}

/** The status of a host after the run's work was ended there. */
const statusOf: Readonly<Record<string, Status>> = {
  // It was only reserved.
  none: 'in-sync',
  committed: 'changed',
  reverted: 'rolled-back',
  refused: 'in-sync',
  abandoned: 'in-sync',
  deferred: 'deferred',
  kept: 'kept',
  conflict: 'conflict',
  stuck: 'stuck',
};

/** A rollback is what was asked for, not a failure. */
function statusOfAll(hosts: readonly HostResult[]): number {
  const any = (...statuses: readonly Status[]) => hosts.some(({ status }) => statuses.includes(status));
  if (any('stuck', 'conflict')) return exitStatus.needsPerson;
  return any('failed', 'unknown') ? exitStatus.failed : exitStatus.done;
}
