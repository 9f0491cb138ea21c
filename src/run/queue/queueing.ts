import type { HostPlan } from '../../model/plan.ts';
import type { HostResult } from '../../model/result.ts';
import { applyStage } from '../apply-stage.ts';
import { comeAgain } from '../busy/waiting.ts';
import type { ApplyOptions } from '../options.ts';
import type { TransactionIds } from '../transaction-ids.ts';
import { becomesLater, isLater } from './later.ts';
import { queueHosts, type RoleSoFar } from './queue-hosts.ts';

/** What becomes of hosts that can't be begun now, where they are to be changed later by themselves. */
export interface Queueing {
  /** the host is not begun in this run */
  readonly isLater: (plan: HostPlan) => boolean;
  /** it was put off after all, and is queued */
  readonly becomesLater: (result: HostResult) => boolean;
  readonly queue: (plans: readonly HostPlan[], role: RoleSoFar) => Promise<readonly HostResult[]>;
}

/** The policy `later` for all roles that have it. */
export function queueingFor(
  run: { readonly ids: TransactionIds; readonly startedAt: string },
  options: ApplyOptions,
): Queueing {
  return {
    isLater: (plan) => isLater(plan, options),
    becomesLater: (result) => becomesLater(result, options),
    queue: (plans, role) =>
      queueHosts(plans, role, options, async (plan, stage, rules) => {
        // What was put off has left its record under another one.
        const id = run.ids.next(plan.host, 1);
        if (id === undefined) return comeAgain(plan);
        const names = { run: id, startedAt: run.startedAt, queue: rules };
        const none = { proof: undefined, lease: undefined, beginBefore: undefined };
        const result = await applyStage(plan, stage, { ...names, ...none }, options);
        return result.status === 'queued' ? { ...result, plan: withQueued(plan, id, options) } : result;
      }),
  };
}

/** Hosts that were put off have a result already, which counts no more if they are queued. */
export async function queueRest(
  later: ReadonlySet<HostPlan>,
  role: RoleSoFar,
  { queue }: Queueing,
): Promise<readonly HostResult[]> {
  const plans = role.wave.plans.filter((plan) => later.has(plan));
  const queued = await queue(plans, role);
  return queued.map((result) => {
    const before = role.results.get(result.plan.host);
    return before === undefined || result.status !== 'queued'
      ? result
      : { ...result, durationMs: result.durationMs + before.durationMs };
  });
}

/** The plan with what waits on its host now, instead of what waited there before. */
function withQueued(plan: HostPlan, run: string, { queue, window }: ApplyOptions): HostPlan {
  if (plan.snapshot === undefined || queue === undefined) return plan;
  const since = Math.floor(Date.now() / 1_000);
  const until = since + Math.floor((queue.until - (window?.now() ?? Date.now())) / 1_000);
  const waiting = {
    ...{ run, who: undefined, since, until, idleFor: queue.idleFor },
    ...{ slot: undefined, asked: undefined },
  };
  return { ...plan, snapshot: { ...plan.snapshot, queued: [waiting] } };
}
