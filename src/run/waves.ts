import pLimit from 'p-limit';
import { changesNow, type HostPlan, toSettle } from '../model/plan.ts';
import type { HostResult, Status } from '../model/result.ts';
import { resultOfHostPlan } from './result-of-plan.ts';

export interface WaveOptions {
  readonly parallel: number;
  readonly maxFailures: number;
  readonly signal: AbortSignal;
}

const good: readonly Status[] = ['in-sync', 'changed', 'deferred', 'owed', 'skipped'];

/**
 * Carry out the plans role by role. In each role the first host goes alone, so that a fault that all of them share is
 * met by one host only; the others follow, `parallel` at once. No host is started once more than `maxFailures` have
 * failed while they were changed, once a host of an earlier role isn't as planned, or once the operator has interrupted.
 */
export async function inWaves(
  roles: readonly (readonly HostPlan[])[],
  options: WaveOptions,
  carryOut: (plan: HostPlan) => Promise<HostResult>,
): Promise<readonly HostResult[]> {
  const results: HostResult[] = [];
  let failures = 0;
  for (const plans of roles) {
    // Nobody needs a host that leaves the cluster before it.
    const blocked = results.find(({ status, plan }) => !good.includes(status) && !plan.retires);
    const one = async (plan: HostPlan): Promise<HostResult> => {
      if (!isDue(plan)) return withNothingToDo(plan);
      if (options.signal.aborted) return notStarted(plan, 'the run was interrupted before it was its turn');
      if (blocked !== undefined)
        return notStarted(plan, `${blocked.plan.host} comes first, and it isn't as planned`);
      if (failures > options.maxFailures)
        return notStarted(plan, 'another host failed before it was its turn');
      const result = await carryOut(plan);
      if (!good.includes(result.status)) failures += 1;
      return result;
    };
    results.push(...(await firstAlone(plans, options.parallel, one)));
  }
  return results;
}

async function firstAlone(
  plans: readonly HostPlan[],
  parallel: number,
  one: (plan: HostPlan) => Promise<HostResult>,
): Promise<readonly HostResult[]> {
  const first = plans.find(isDue);
  const done = new Map<HostPlan, HostResult>();
  if (first !== undefined) done.set(first, await one(first));
  const limit = pLimit(parallel);
  return Promise.all(plans.map(async (plan) => done.get(plan) ?? limit(() => one(plan))));
}

/** A host of which only a later stage wants something has done its part of this one. */
function withNothingToDo(plan: HostPlan): HostResult {
  const result = resultOfHostPlan(plan);
  return result.status === 'would-change' ? { ...result, status: 'in-sync' } : result;
}

function isDue(plan: HostPlan): boolean {
  if (plan.problem !== undefined || plan.skipped) return false;
  return changesNow(plan) || toSettle(plan).length > 0;
}

function notStarted(plan: HostPlan, why: string): HostResult {
  return {
    plan,
    status: 'not-started',
    problem: {
      code: 'not-started',
      message: `nothing was done to it: ${why}`,
      next: 'mend that and run the command again',
      host: plan.host,
    },
    ran: [],
    warnings: plan.warnings,
    durationMs: 0,
  };
}
