import type { PlannedAction } from './action.ts';
import type { Change } from './change.ts';
import type { Handler } from './handler.ts';
import type { Ledger } from './ledger.ts';
import type { Problem } from './operator-error.ts';
import type { Snapshot, UnsettledRun } from './snapshot.ts';

/** A handler that will run, and the steps whose changes ask for it. */
export interface PlannedHandler {
  readonly handler: Handler;
  readonly because: readonly string[];
  /** why it runs although nothing else changes: files that a service hasn't taken up yet, in words */
  readonly owed?: string | undefined;
}

/** What a guard said when the host was looked at: who would be interrupted now. */
export interface GuardReport {
  readonly guard: string;
  readonly state: 'idle' | 'busy' | 'unknown';
  /** one entry for each meeting or session, in words, without secrets */
  readonly sessions: readonly string[];
}

/**
 * A part of what is done to a host: one transaction, and what is planned behind it is planned from what it
 * leaves.
 */
export interface Stage {
  /** counts from 1; where the role's stages have names, its place among them */
  readonly number: number;
  /** undefined where there is no other */
  readonly name: string | undefined;
  /** what is done before the changes, and not undone by a revert */
  readonly actions: readonly PlannedAction[];
  readonly changes: readonly Change[];
  readonly handlers: readonly PlannedHandler[];
  /** units that must be active afterwards if they were before */
  readonly units: readonly string[];
  /** what the ledger on the host will say afterwards */
  readonly ledger: Ledger | undefined;
  /** what it starts from: the host as it was looked at, or as the stages before this one leave it */
  readonly snapshot: Snapshot | undefined;
}

/**
 * What a host keeps for those that leave the cluster, and loses at the end of the run, once they were given
 * back.
 */
export interface Narrowing {
  readonly stages: readonly Stage[];
  /** why it can't be done; the host's other stages don't depend on it */
  readonly problem: Problem | undefined;
}

/**
 * What was looked at on one host, what will be done to it, and why. Plain data, as all of a plan: it can be
 * stored, sent and compared (src/plan/saved/plan-text.ts), and hashed (src/plan/saved/plan-digest.ts).
 */
export interface HostPlan {
  readonly host: string;
  readonly role: string;
  readonly recipe: { readonly name: string; readonly reason: string } | undefined;
  /** why the host can't be planned; then nothing is changed on it */
  readonly problem: Problem | undefined;
  /** outside what the operator limited the run to: looked at, never written to */
  readonly skipped: boolean;
  /** it could not be looked at */
  readonly unreachable: boolean;
  /**
   * why its services served nobody when it was looked at, in a few words; undefined where nothing tells of
   * that
   */
  readonly down?: string | undefined;
  /** as it was looked at */
  readonly snapshot: Snapshot | undefined;
  /**
   * What is done to it, in order: only the stages in which something is. Where that is none, the last one, in
   * which nothing is: settling an earlier run needs one. Empty where the host was not planned.
   */
  readonly stages: readonly Stage[];
  /** what is taken away from it last, once everything else has been done as planned */
  readonly last?: Narrowing | undefined;
  readonly guards: readonly GuardReport[];
  readonly warnings: readonly string[];
  /** transactions of earlier runs that are open or need a person */
  readonly unsettled: readonly UnsettledRun[];
  /** the host leaves the cluster: what is managed there is given back */
  readonly retires?: boolean | undefined;
  /**
   * nothing is managed there any more, but what we remember of the host is there still; removed at the end of
   * the run
   */
  readonly leftovers?: boolean | undefined;
  /** the run that this plan undoes */
  readonly undoes?: string | undefined;
  /** how long it took to look at the host */
  readonly durationMs: number;
}

/** Text that the tool can't put anywhere itself, for the operator to carry over by hand. */
export interface ByHand {
  readonly title: string;
  readonly text: string;
}

/** What will be done to all hosts, in the order in which it will be done. */
export interface ClusterPlan {
  readonly hosts: readonly HostPlan[];
  readonly byHand: readonly ByHand[];
  /** what is true of the cluster rather than of one host */
  readonly warnings: readonly string[];
}

/** A plan of a host that is to do nothing; what is known of it goes over that. */
export function emptyPlan(host: { readonly name: string; readonly role: string }): HostPlan {
  return {
    host: host.name,
    role: host.role,
    recipe: undefined,
    problem: undefined,
    skipped: false,
    unreachable: false,
    snapshot: undefined,
    stages: [],
    guards: [],
    warnings: [],
    unsettled: [],
    durationMs: 0,
  };
}

/** The only stage of a host, in which nothing is done; what is done goes over that. */
export const emptyStage: Stage = {
  number: 1,
  name: undefined,
  actions: [],
  changes: [],
  handlers: [],
  units: [],
  ledger: undefined,
  snapshot: undefined,
};

/**
 * The plan with what is taken away last, which is all that `last` does; without names its stages are counted
 * on.
 */
export function withLast(plan: HostPlan, last: HostPlan | undefined): HostPlan {
  if (last === undefined) return { ...plan, last: undefined };
  const stages = last.stages.map((stage, index) =>
    stage.name === undefined ? { ...stage, number: plan.stages.length + 1 + index } : stage,
  );
  return { ...plan, last: { stages, problem: last.problem } };
}

/** All that is planned for a host, stage by stage, what is taken away last at the end. */
export function stagesOf({ stages, last }: Pick<HostPlan, 'stages' | 'last'>): readonly Stage[] {
  return last === undefined ? stages : [...stages, ...last.stages];
}

/** Whether anything is done in the stage: a handler without changes is an owed restart. */
export function hasWork({ actions, changes, handlers }: Stage): boolean {
  return actions.length > 0 || changes.length > 0 || handlers.length > 0;
}

/** Whether something is to be done to the host before the end of the run. */
export function changesNow({ stages }: HostPlan): boolean {
  return stages.some(hasWork);
}

/** Whether the host isn't as it should be, in whatever way a run would mend. */
export function differs(plan: HostPlan): boolean {
  return changesNow(plan) || plan.last !== undefined || plan.leftovers === true;
}

/** Runs that a new one on the host brings to their end first. */
export function toSettle(plan: HostPlan): readonly UnsettledRun[] {
  return plan.unsettled.filter(({ alive }) => alive !== true);
}

/** Whether a run does anything to the host: settling an earlier run counts. */
export function isDue(plan: HostPlan): boolean {
  if (plan.skipped || plan.problem !== undefined) return false;
  return differs(plan) || toSettle(plan).length > 0;
}
