import type { CheckResult } from '../model/outside-check.ts';
import type { ClusterPlan, HostPlan } from '../model/plan.ts';
import type { HostResult } from '../model/result.ts';
import type { DecidingChecks } from './deciding-checks.ts';
import type { WayThrough } from './way-through.ts';

/** The plans that can only be made during a run, from the state that the hosts have reached by then. */
export interface Planner {
  /**
   * Looks at a host again after one of its stages was carried out, and plans the rest. Throws an
   * OperatorError if that fails. Undefined if the rest doesn't depend on it: it then stays as planned.
   */
  readonly again?: ((host: string) => Promise<HostPlan>) | undefined;
  /**
   * What is removed last, given the hosts that are as planned by then: a plan for each host that has
   * something to remove. It never does more than `last` in the hosts' own plans.
   */
  readonly last: (done: ReadonlySet<string>) => Promise<readonly HostPlan[]>;
  /**
   * The checks from outside that decide whether a host stays as a stage leaves it. Undefined where none do:
   * what is undone goes by an earlier inventory, of whose questions nothing is known.
   */
  readonly deciding?: DecidingChecks | undefined;
  /** what is asked through the proxy for a host after its change; undefined where nothing is known of it */
  readonly wayThrough?: WayThrough | undefined;
  /** waits until a host's turn may begin; returns why it may not, undefined if it may */
  readonly mayBegin?: ((plan: HostPlan) => Promise<HostResult | undefined>) | undefined;
  /** does what comes before a host is touched, once nobody is on it; returns why it may not be */
  readonly readied?: ((plan: HostPlan) => Promise<HostResult | undefined>) | undefined;
  /** what was begun on a host is brought to its end, whatever the time is by then */
  readonly finishes?: boolean | undefined;
  /** why a host that was drained is out while it is worked on, should nobody hear of its end; in words */
  readonly meanwhile?: ((plan: HostPlan) => string) | undefined;
  /**
   * What has to hold of a host once its stages are carried out, before it gets people again: returns the
   * result, or what it comes to. Undefined where nothing has.
   */
  readonly proven?: ((result: HostResult) => Promise<HostResult>) | undefined;
  /** why a host that was drained gets no people again, in words; undefined if it may get some */
  readonly staysOut?: ((result: HostResult) => string | undefined) | undefined;
  /**
   * The results with what the hosts have to say of each other once all are carried out; see
   * `withAnswersAfterwards`. Undefined where nothing is known of it, as above.
   */
  readonly afterwards?: ((hosts: readonly HostResult[]) => Promise<readonly HostResult[]>) | undefined;
}

/** A plan, and the planner for the rest of it during the run. */
export interface PlannedRun {
  readonly plan: ClusterPlan;
  /** what hosts were asked, for others or for themselves, while all were looked at */
  readonly asked?: readonly CheckResult[] | undefined;
  /** hosts that it gives nothing, although the inventory has them as active; undefined: none */
  readonly aside?: readonly string[] | undefined;
  readonly planner: Planner;
}

/** Nothing depends on later states: everything is carried out as planned. */
export const asPlanned: Planner = { last: () => Promise.resolve([]) };
