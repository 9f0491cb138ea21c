import type { LeftAsIs } from './accepted.ts';
import type { PlannedAction } from './action.ts';
import type { Author } from './author.ts';
import type { Change } from './change.ts';
import type { ClusterHold } from './claims.ts';
import type { Handler } from './handler.ts';
import type { Ledger } from './ledger.ts';
import type { Problem } from './operator-error.ts';
import type { PeopleSession } from './people.ts';
import type { Snapshot, UnsettledRun } from './snapshot.ts';

/** A handler that will run, and the steps whose changes request it. */
export interface PlannedHandler {
  readonly handler: Handler;
  readonly because: readonly string[];
  /** why it runs although nothing else changes: the files that a service hasn't loaded yet, as text */
  readonly owed?: string | undefined;
}

/** What a guard reported when the host was inspected: who would be interrupted now. */
export interface GuardReport {
  readonly guard: string;
  readonly state: 'idle' | 'busy' | 'unknown';
  /** who would be interrupted, e.g. `running meetings` */
  readonly description?: string | undefined;
  readonly sessions: readonly PeopleSession[];
  /** those that don't count, because the operator said so */
  readonly ignored?: readonly PeopleSession[] | undefined;
  /** what else the guard says of the host */
  readonly notes?: readonly string[] | undefined;
  /** why it isn't known */
  readonly why?: string | undefined;
}

/**
 * A part of what is done to a host: one transaction. Whatever comes after it is planned from the state in
 * which it leaves the host.
 */
export interface Stage {
  /** counts from 1; if the role's stages have names, its position among them */
  readonly number: number;
  /** undefined if it is the only one */
  readonly name: string | undefined;
  /** what is done before the changes; a revert doesn't undo it */
  readonly actions: readonly PlannedAction[];
  readonly changes: readonly Change[];
  /** who made them necessary, by path: only of what is no longer as the last run wrote it */
  readonly authors?: ReadonlyMap<string, Author> | undefined;
  readonly handlers: readonly PlannedHandler[];
  /** units that must be active afterwards if they were active before */
  readonly units: readonly string[];
  /** the ledger on the host afterwards */
  readonly ledger: Ledger | undefined;
  /** its starting point: the host as inspected, or as the stages before this one leave it */
  readonly snapshot: Snapshot | undefined;
}

/**
 * What a host keeps for hosts that leave the cluster. It is removed at the end of the run, after those hosts
 * have been restored.
 */
export interface Narrowing {
  readonly stages: readonly Stage[];
  /** why it can't be done; the host's other stages don't depend on that */
  readonly problem: Problem | undefined;
}

/**
 * What was found on one host, what will be done to it, and why. Plain data, like the whole plan: it can be
 * stored, sent and compared (src/plan/saved/plan-text.ts), and hashed (src/plan/saved/plan-digest.ts).
 */
export interface HostPlan {
  readonly host: string;
  readonly role: string;
  readonly recipe:
    | { readonly name: string; readonly title?: string | undefined; readonly reason: string }
    | undefined;
  /** why the host can't be planned; if set, nothing is changed on it */
  readonly problem: Problem | undefined;
  /** excluded by the operator's limit: inspected, but never written to */
  readonly skipped: boolean;
  /** it could not be inspected */
  readonly unreachable: boolean;
  /** it was not inspected, as it is switched off, and the inventory says that it may be */
  readonly off?: boolean | undefined;
  /**
   * why its services served nobody when it was inspected, in a few words; undefined if nothing indicates that
   */
  readonly down?: string | undefined;
  /** as it was inspected */
  readonly snapshot: Snapshot | undefined;
  /**
   * What is done to it, in order: only the stages in which something is done. If there is no such stage, the
   * last one, in which nothing is done, because settling an earlier run needs one. Empty if the host was not
   * planned.
   */
  readonly stages: readonly Stage[];
  /** what is removed from it last, once everything else has been done as planned */
  readonly last?: Narrowing | undefined;
  /** what differs and stays as it is; undefined: nothing */
  readonly left?: readonly LeftAsIs[] | undefined;
  /** what people lose there of hosts that have left the inventory, in words; undefined: nothing */
  readonly drops?: readonly string[] | undefined;
  /** what is worth knowing of it, although nothing is wrong, such as how a number came about */
  readonly notes?: readonly string[] | undefined;
  readonly guards: readonly GuardReport[];
  readonly warnings: readonly string[];
  /** transactions of earlier runs that are open or need an operator */
  readonly unsettled: readonly UnsettledRun[];
  /** the host leaves the cluster: what is managed there is restored */
  readonly retires?: boolean | undefined;
  /**
   * nothing is managed there any more, but clusterproxy's records are still on the host; they are removed at
   * the end of the run
   */
  readonly leftovers?: boolean | undefined;
  /** it is exactly as a saved plan leaves it: `by` the run that did it, if the host still remembers one */
  readonly done?: { readonly by?: string | undefined } | undefined;
  /** the run that this plan undoes */
  readonly undoes?: string | undefined;
  /** how long it took to inspect the host */
  readonly durationMs: number;
}

/** Text that clusterproxy can't put in place itself and that the operator has to carry over by hand. */
export interface ByHand {
  readonly title: string;
  readonly text: string;
}

/** What will be done to all hosts, in order. */
export interface ClusterPlan {
  readonly hosts: readonly HostPlan[];
  readonly byHand: readonly ByHand[];
  /** warnings about the cluster rather than about one host */
  readonly warnings: readonly string[];
  /** what freezes the cluster, where that isn't known from the snapshots alone */
  readonly holds?: readonly ClusterHold[] | undefined;
  /** what is worth knowing before agreeing, although nothing is wrong */
  readonly notes?: readonly string[] | undefined;
}

/** The plan of a host on which nothing is done; override what is known. */
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

/** The only stage of a host, in which nothing is done; override what is done. */
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
 * The plan with what is removed last added to it, which is all that `last` does; stages without names
 * continue the count.
 */
export function withLast(plan: HostPlan, last: HostPlan | undefined): HostPlan {
  if (last === undefined) return { ...plan, last: undefined };
  const stages = last.stages.map((stage, index) =>
    stage.name === undefined ? { ...stage, number: plan.stages.length + 1 + index } : stage,
  );
  return { ...plan, last: { stages, problem: last.problem } };
}

/** Everything planned for a host, stage by stage, ending with what is removed last. */
export function stagesOf({ stages, last }: Pick<HostPlan, 'stages' | 'last'>): readonly Stage[] {
  return last === undefined ? stages : [...stages, ...last.stages];
}

/** Whether anything is done in the stage; a handler without changes is an owed restart. */
export function hasWork({ actions, changes, handlers }: Stage): boolean {
  return actions.length > 0 || changes.length > 0 || handlers.length > 0;
}

/** Whether anything is done to the host before the end of the run. */
export function changesNow({ stages }: HostPlan): boolean {
  return stages.some(hasWork);
}

/** Whether the host differs from what it should be in any way that a run would fix. */
export function differs(plan: HostPlan): boolean {
  return changesNow(plan) || plan.last !== undefined || plan.leftovers === true;
}

/** Whether something there is drift that a run leaves as it is, as the playbook says. */
export function hasLeftDrift({ left = [] }: HostPlan): boolean {
  return left.some(({ items }) => items.some(({ because }) => because === 'report'));
}

/** Earlier runs that a new run on the host finishes first. */
export function toSettle(plan: HostPlan): readonly UnsettledRun[] {
  return plan.unsettled.filter(({ alive }) => alive !== true);
}

/** Whether a run does anything to the host; settling an earlier run counts. */
export function isDue(plan: HostPlan): boolean {
  if (plan.skipped || plan.problem !== undefined) return false;
  return differs(plan) || toSettle(plan).length > 0;
}
