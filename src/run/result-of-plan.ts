import type { ClusterPlan, HostPlan } from '../model/plan.ts';
import type { HostResult, RunResult, Status } from '../model/result.ts';

/** A plan as the result of a command that only compares. */
export function resultOfPlan(plan: ClusterPlan, command: string): RunResult {
  return {
    command,
    run: undefined,
    hosts: plan.hosts.map(resultOfHostPlan),
    warnings: plan.warnings,
    interrupted: plan.hosts.some((host) => host.problem?.code === 'interrupted'),
  };
}

/** How a host stands before anything is done to it. */
export function resultOfHostPlan(plan: HostPlan): HostResult {
  return {
    plan,
    status: statusOf(plan),
    problem: plan.problem,
    ran: [],
    warnings: plan.warnings,
    durationMs: plan.durationMs,
  };
}

function statusOf(plan: HostPlan): Status {
  if (plan.unreachable) return 'unreachable';
  if (plan.problem?.code === 'conflict') return 'conflict';
  if (plan.problem !== undefined) return 'failed';
  if (plan.unsettled.some(({ state }) => state === 'stuck')) return 'stuck';
  if (plan.unsettled.some(({ state }) => state === 'conflict')) return 'conflict';
  if (plan.skipped) return 'skipped';
  return plan.changes.length > 0 ? 'would-change' : 'in-sync';
}
