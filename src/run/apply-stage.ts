import type { TransactionEvent } from '../host/run-log.ts';
import { transact } from '../host/transact.ts';
import { problemsOf } from '../model/operator-error.ts';
import { type HostPlan, hasWork, type Stage } from '../model/plan.ts';
import type { ProgressEvent } from '../model/progress.ts';
import type { HostResult, Status } from '../model/result.ts';
import type { TransactionResult, TransactionState } from '../model/transaction.ts';
import type { Connection } from '../ssh/contract.ts';
import { hostOf } from './busy/waiting.ts';
import { hostProgress } from './host-progress.ts';
import type { ApplyOptions } from './options.ts';
import { type StageNames, transactionOf } from './transaction-of.ts';

/** Carries out one stage of a host's plan in a transaction, and follows it to its end. */
export async function applyStage(
  plan: HostPlan,
  stage: Stage,
  names: StageNames,
  options: ApplyOptions,
): Promise<HostResult> {
  const host = hostOf(plan, options);
  const start = performance.now();
  options.progress({ kind: 'host', host: plan.host, phase: 'connecting' });
  let connected = false;
  let owes = false;
  const hasMore = moreFollows(plan, stage);
  let current: Connection | undefined;
  // Work on the host continues without us.
  const leave = () => void current?.close();
  options.leave.addEventListener('abort', leave);
  const connectAgain = async () => {
    const connection = await options.connect(host.ssh, { signal: options.leave });
    connected = true;
    current = connection;
    return connection;
  };
  try {
    const result = await transact(connectAgain, transactionOf(plan, stage, host, names, options), {
      signal: options.leave,
      // Without checks this shows that a new connection can be made: a host that can't be reached isn't well.
      confirm: async (seconds) => {
        const { proof, together } = names;
        const isWell = proof === undefined ? Promise.resolve(!options.leave.aborted) : proof.confirm(seconds);
        return together === undefined ? isWell : together.word(plan.host, seconds, isWell);
      },
      onEvent: (event) => {
        if (event.kind === 'aborted') options.onAborted?.(event);
        if (event.kind === 'owed') names.proof?.owed(event.handler);
        if (event.kind === 'owed') owes = true;
        const progress = progressOf(event, plan, { owes, hasMore });
        if (progress !== undefined) options.progress(progress);
      },
    });
    return resultOf(plan, stage, result);
  } catch (error) {
    const [problem] = problemsOf(error);
    return {
      plan,
      status: connected ? 'failed' : options.leave.aborted ? 'not-started' : 'unreachable',
      problem: problem && { ...problem, host: plan.host },
      ran: [],
      warnings: plan.warnings,
      durationMs: Math.round(performance.now() - start),
    };
  } finally {
    options.leave.removeEventListener('abort', leave);
  }
}

/** Whether the host has something else to do in this run once the stage is done. */
function moreFollows(plan: HostPlan, stage: Stage): boolean {
  const { last, leftovers = false, retires = false } = plan;
  const others = plan.stages.some((other) => other !== stage && hasWork(other));
  return others || stage.number === 0 || last !== undefined || leftovers || retires;
}

/** A host isn't done by the end of a transaction after which another follows, or restarts that it owes. */
function progressOf(
  event: TransactionEvent,
  { host }: HostPlan,
  { owes, hasMore }: { readonly owes: boolean; readonly hasMore: boolean },
): ProgressEvent | undefined {
  if (event.kind !== 'state' || event.state !== 'committed') return hostProgress(host, event);
  if (owes) return { kind: 'host', host, phase: 'put-off', detail: 'restarts that would interrupt people' };
  return hasMore ? undefined : hostProgress(host, event);
}

/** What became of a host by the end of its transaction. */
export const statusOfState: Readonly<Record<TransactionState, Status>> = {
  queued: 'queued',
  refused: 'failed',
  deferred: 'deferred',
  committed: 'changed',
  reverted: 'rolled-back',
  kept: 'kept',
  conflict: 'conflict',
  stuck: 'stuck',
  unknown: 'unknown',
};

function resultOf(plan: HostPlan, stage: Stage, result: TransactionResult): HostResult {
  const nothing = stage.actions.length + stage.changes.length === 0 && result.started.length === 0;
  const ended = result.owed.length > 0 ? 'owed' : statusOfState[result.state];
  // The host would not begin what somebody has aborted.
  const status = result.problem?.code === 'aborted' ? 'not-started' : ended;
  return {
    plan,
    // Earlier runs were settled, and nothing else was to be done.
    status: status === 'changed' && nothing ? 'in-sync' : status,
    problem: result.problem && { ...result.problem, host: plan.host },
    ran: result.started,
    acted: result.acted,
    upgraded: result.upgraded,
    warnings: [...plan.warnings, ...result.warnings],
    durationMs: result.durationMs,
  };
}
