import pLimit from 'p-limit';
import { clustersBeside, readRuns, runsOfCluster } from '../host/runs.ts';
import type { InventoryHost } from '../inventory/inventory.ts';
import type { PastRun } from '../model/history.ts';
import { type Problem, problemsOf } from '../model/operator-error.ts';
import { emptyPlan } from '../model/plan.ts';
import type { HostResult } from '../model/result.ts';
import { pastRuns, type Remembered } from '../plan/rollback/history.ts';
import { limitedTo } from './limit.ts';
import { hasAnswered, isOff } from './look.ts';
import type { RunOptions } from './options.ts';
import { resultOfHostPlan } from './result-of-plan.ts';

/** What the hosts remember, and the hosts that could not be asked. */
export interface History {
  /** the latest first */
  readonly runs: readonly PastRun[];
  /** hosts that could not be asked, or that have a damaged record */
  readonly troubled: readonly HostResult[];
  /** names of other clusters whose runs a host also remembers, by host; usually empty */
  readonly beside: ReadonlyMap<string, readonly string[]>;
}

/** Ask hosts for the runs that they remember: one connection and one command each. Nothing is changed. */
export async function readHistory(options: RunOptions): Promise<History> {
  const chosen = limitedTo(options.inventory.hosts, options.limit);
  const hosts = options.inventory.hosts.filter((host) => chosen.has(host.name));
  options.progress({ kind: 'looking', total: hosts.length });
  const limit = pLimit(options.parallel);
  const answers = await Promise.all(
    hosts.map((host) =>
      limit(async () => {
        const answer = await ask(host, options);
        options.progress({
          kind: 'looked',
          host: host.name,
          ok: answer.problem === undefined || isOff(host, answer.problem),
        });
        return answer;
      }),
    ),
  );
  return {
    runs: pastRuns(answers.flatMap(({ remembered }) => remembered)),
    troubled: answers.flatMap((answer) => (answer.problem === undefined ? [] : [failed(answer)])),
    beside: new Map(
      answers.flatMap(({ host, beside }) => (beside.length === 0 ? [] : [[host.name, beside] as const])),
    ),
  };
}

interface Answer {
  readonly host: InventoryHost;
  readonly remembered: readonly Remembered[];
  readonly beside: readonly string[];
  /** why it could not be asked, or what is wrong with what it remembers */
  readonly problem: Problem | undefined;
  readonly durationMs: number;
}

async function ask(
  host: InventoryHost,
  { inventory, connect, signal }: Pick<RunOptions, 'inventory' | 'connect' | 'signal'>,
): Promise<Answer> {
  const start = performance.now();
  const answer = (rest: Partial<Answer>): Answer => ({
    ...{ host, remembered: [], beside: [], problem: undefined },
    durationMs: Math.round(performance.now() - start),
    ...rest,
  });
  try {
    const connection = await connect(host.ssh, { signal });
    try {
      const all = await readRuns(connection, host.name);
      const runs = runsOfCluster(all, inventory.cluster.name);
      return answer({
        remembered: runs.map((run) => ({ ...run, host: host.name, role: host.role })),
        beside: clustersBeside(all, inventory.cluster.name),
        problem: runs.find(({ unusable }) => unusable !== undefined)?.unusable,
      });
    } finally {
      connection.close().catch(() => undefined);
    }
  } catch (error) {
    return answer({ problem: problemsOf(error)[0] });
  }
}

function failed({ host, problem, durationMs }: Answer): HostResult {
  const off = isOff(host, problem);
  const told = off ? undefined : problem;
  const plan = { ...emptyPlan(host), problem: told, off, unreachable: !off && !hasAnswered(problem) };
  return {
    plan,
    status: resultOfHostPlan(plan).status,
    problem: told && { ...told, host: host.name },
    ran: [],
    warnings: [],
    durationMs,
  };
}
