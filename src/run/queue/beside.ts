import { type ClusterPlan, type HostPlan, isDue } from '../../model/plan.ts';

/**
 * Hosts on which an earlier run waits until nobody is there, beside those that a run changes: while it is at
 * work on hosts of the same role, none of them may begin by itself.
 */
export function queuedBeside({ hosts }: ClusterPlan, due: readonly HostPlan[]): readonly HostPlan[] {
  const roles = new Set(due.filter(isDue).map(({ role }) => role));
  return hosts.filter(
    (plan) => roles.has(plan.role) && !due.includes(plan) && (plan.snapshot?.queued ?? []).length > 0,
  );
}
