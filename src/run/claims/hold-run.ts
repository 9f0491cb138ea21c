import pLimit from 'p-limit';
import { releaseHold, setHold } from '../../host/hold.ts';
import type { InventoryHost } from '../../inventory/inventory.ts';
import { type ClusterHold, type Hold, holdsOf } from '../../model/claims.ts';
import { OperatorError, problemsOf } from '../../model/operator-error.ts';
import { emptyPlan } from '../../model/plan.ts';
import type { HostResult, RunResult } from '../../model/result.ts';
import type { Connection } from '../../ssh/contract.ts';
import { limitedTo } from '../limit.ts';
import { isOff } from '../look.ts';
import { operatorHere } from '../operator.ts';
import type { RunOptions } from '../options.ts';

export interface HoldOptions extends RunOptions {
  readonly reason: string;
  /** how long it counts, in seconds; undefined: until it is released */
  readonly seconds: number | undefined;
}

/** What became of a hold. */
export interface HoldOutcome {
  readonly result: RunResult;
  /** the hold that counts now; undefined after a release, or where no host could store it */
  readonly hold: ClusterHold | undefined;
  /** those that counted before and don't any more */
  readonly before: readonly ClusterHold[];
}

/** Freezes the cluster: every host that can be reached stores it. One connection and one command each. */
export async function holdCluster(options: HoldOptions): Promise<HoldOutcome> {
  const { reason, seconds } = options;
  const { operator: by, from } = operatorHere();
  const now = Math.floor(Date.now() / 1_000);
  const until = seconds === undefined ? undefined : now + seconds;
  const asked = { cluster: options.inventory.cluster.name, by, from, reason, seconds };
  const each = await onHosts(options, (connection) => setHold(connection, asked));
  const hosts = each.flatMap(({ result }) => (result.status === 'changed' ? [result.plan.host] : []));
  const hold = hosts.length === 0 ? undefined : { by, from, reason, since: now, until, hosts };
  return outcome(each, hold, options);
}

/** Releases the cluster: the hold is removed on every host that can be reached. */
export async function releaseCluster(options: RunOptions): Promise<HoldOutcome> {
  const { name } = options.inventory.cluster;
  const each = await onHosts(options, (connection) => releaseHold(connection, name));
  return outcome(
    each.map(({ result, before }) => ({
      before,
      result: before === undefined && result.status === 'changed' ? { ...result, status: 'in-sync' } : result,
    })),
    undefined,
    options,
  );
}

interface OnHost {
  readonly result: HostResult;
  /** the hold that the host had */
  readonly before: Hold | undefined;
}

function outcome(
  each: readonly OnHost[],
  hold: ClusterHold | undefined,
  { signal }: Pick<RunOptions, 'signal'>,
): HoldOutcome {
  return {
    result: {
      ...{ command: 'hold', run: undefined, warnings: [] },
      hosts: each.map(({ result }) => result),
      interrupted: signal.aborted,
    },
    hold,
    before: holdsOf(each.map(({ result, before }) => ({ host: result.plan.host, hold: before }))),
  };
}

async function onHosts(
  options: RunOptions,
  work: (connection: Connection) => Promise<Hold | undefined>,
): Promise<readonly OnHost[]> {
  const chosen = limitedTo(options.inventory.hosts, options.limit);
  const hosts = options.inventory.hosts.filter((host) => chosen.has(host.name));
  options.progress({ kind: 'looking', total: hosts.length });
  const limit = pLimit(options.parallel);
  return Promise.all(
    hosts.map((host) =>
      limit(async () => {
        const done = await onHost(host, options, work);
        options.progress({ kind: 'looked', host: host.name, ok: done.result.problem === undefined });
        return done;
      }),
    ),
  );
}

async function onHost(
  host: InventoryHost,
  { connect, signal }: RunOptions,
  work: (connection: Connection) => Promise<Hold | undefined>,
): Promise<OnHost> {
  const start = performance.now();
  const result = (rest: Pick<HostResult, 'status' | 'problem'>): HostResult => ({
    plan: emptyPlan(host),
    ran: [],
    warnings: [],
    durationMs: Math.round(performance.now() - start),
    ...rest,
  });
  let connected = false;
  try {
    if (signal.aborted) throw interrupted();
    const connection = await connect(host.ssh, { signal });
    connected = true;
    try {
      return { before: await work(connection), result: result({ status: 'changed', problem: undefined }) };
    } finally {
      connection.close().catch(() => undefined);
    }
  } catch (error) {
    const [problem] = problemsOf(signal.aborted && !connected ? interrupted() : error);
    if (!connected && isOff(host, problem)) {
      return { before: undefined, result: result({ status: 'off', problem: undefined }) };
    }
    const status = connected ? 'failed' : signal.aborted ? 'not-started' : 'unreachable';
    return {
      before: undefined,
      result: result({ status, problem: problem && { ...problem, host: host.name } }),
    };
  }
}

function interrupted(): OperatorError {
  return new OperatorError({
    code: 'interrupted',
    message: 'interrupted before the host was asked',
    next: 'run the command again',
  });
}
