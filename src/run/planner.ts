import type { ClusterPlan, HostPlan } from '../model/plan.ts';

/** What can be planned only in the course of a run, from what hosts have become by then. */
export interface Planner {
  /**
   * Looks at a host again once a stage of it was carried out, and plans what is left. Throws an OperatorError
   * where that can't be done. Undefined where what is left doesn't depend on it: then it is as it was
   * planned.
   */
  readonly again?: ((host: string) => Promise<HostPlan>) | undefined;
  /**
   * What is taken away last, given the hosts that are as planned by then: a plan for each host that has
   * something to take away. It never does more than the hosts' own plans say by their `last`.
   */
  readonly last: (done: ReadonlySet<string>) => readonly HostPlan[];
}

/** A plan, and who plans the rest of it while it is carried out. */
export interface PlannedRun {
  readonly plan: ClusterPlan;
  readonly planner: Planner;
}

/** Nothing depends on what hosts become: all is carried out as it was planned. */
export const asPlanned: Planner = { last: () => [] };
