import type { HostPlan } from '../model/plan.ts';
import type { RoleRollout } from '../model/rollout.ts';

/**
 * The hosts that a run puts off as long as people are where they are now: those of `plans` that `isPutOff`
 * says, and those that are given back after one of them, as people reach it through these.
 */
export function putOffNow(
  plans: readonly HostPlan[],
  rollout: readonly Pick<RoleRollout, 'hosts' | 'after' | 'queue'>[],
  isPutOff: (plan: HostPlan) => boolean,
): readonly HostPlan[] {
  const planOf = new Map(plans.map((plan) => [plan.host, plan] as const));
  const all = new Set(plans.filter(isPutOff));
  const before: HostPlan[] = [];
  for (const { hosts, after, queue } of rollout) {
    const own = [...hosts, ...(queue?.hosts ?? [])].flatMap((host) => planOf.get(host) ?? []);
    const isKept =
      after !== undefined && before.some((plan) => all.has(plan) && (after === 'undone' || plan.retires));
    if (isKept) for (const plan of own) all.add(plan);
    before.push(...own);
  }
  return plans.filter((plan) => all.has(plan));
}
