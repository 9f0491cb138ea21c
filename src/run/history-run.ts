import pLimit from 'p-limit';
import { readRuns } from '../host/runs.ts';
import type { InventoryHost } from '../inventory/inventory.ts';
import type { PastRun } from '../model/history.ts';
import { type Problem, problemsOf } from '../model/operator-error.ts';
import { emptyPlan } from '../model/plan.ts';
import type { HostResult } from '../model/result.ts';
import { pastRuns, type Remembered } from '../plan/rollback/history.ts';
import { limitedTo } from './limit.ts';
import type { RunOptions } from './options.ts';

/** What hosts remember, and those that could not be asked. */
export interface History {
  /** the latest first */
  readonly runs: readonly PastRun[];
  readonly unreachable: readonly HostResult[];
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
        options.progress({ kind: 'looked', host: host.name, ok: !('problem' in answer) });
        return answer;
      }),
    ),
  );
  return {
    runs: pastRuns(answers.flatMap((answer) => ('problem' in answer ? [] : answer.remembered))),
    unreachable: answers.flatMap((answer) => ('problem' in answer ? [failed(answer)] : [])),
  };
}

type Answer =
  | { readonly remembered: readonly Remembered[] }
  | { readonly host: InventoryHost; readonly problem: Problem | undefined; readonly durationMs: number };

async function ask(
  host: InventoryHost,
  { connect, signal }: Pick<RunOptions, 'connect' | 'signal'>,
): Promise<Answer> {
  const start = performance.now();
  try {
    const connection = await connect(host.ssh, { signal });
    try {
      const runs = await readRuns(connection);
      return { remembered: runs.map((run) => ({ ...run, host: host.name, role: host.role })) };
    } finally {
      connection.close().catch(() => undefined);
    }
  } catch (error) {
    return { host, problem: problemsOf(error)[0], durationMs: Math.round(performance.now() - start) };
  }
}

function failed({ host, problem, durationMs }: Extract<Answer, { problem: unknown }>): HostResult {
  return {
    plan: { ...emptyPlan(host), unreachable: true },
    status: 'unreachable',
    problem: problem && { ...problem, host: host.name },
    ran: [],
    warnings: [],
    durationMs,
  };
}
