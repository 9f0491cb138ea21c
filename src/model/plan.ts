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

/** One of the stages of a host's steps. */
export interface Stage {
  /** counts from 1 */
  readonly number: number;
  readonly name: string;
}

/** What will be done to one host, and why: in the first stage in which anything is. */
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
  /** undefined where its role has one stage only */
  readonly stage?: Stage | undefined;
  /** what is done before the changes, and not undone by a revert */
  readonly actions: readonly PlannedAction[];
  readonly changes: readonly Change[];
  readonly handlers: readonly PlannedHandler[];
  readonly guards: readonly GuardReport[];
  readonly warnings: readonly string[];
  /** transactions of earlier runs that are open or need a person */
  readonly unsettled: readonly UnsettledRun[];
  /** units that must be active afterwards if they were before */
  readonly units: readonly string[];
  /** what the ledger on the host will say afterwards */
  readonly ledger: Ledger | undefined;
  readonly snapshot: Snapshot | undefined;
  /** the host leaves the cluster: what is managed there is given back */
  readonly retires?: boolean | undefined;
  /** nothing is managed there any more, but what we remember of the host is there still; removed at the end of the run */
  readonly leftovers?: boolean | undefined;
  /** what is done to it in the next stage in which anything is, once this one was carried out */
  readonly next?: HostPlan | undefined;
  /** what is done to it in the run's last stage, once everything else has been done as planned */
  readonly afterwards?: HostPlan | undefined;
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
  /**
   * What is taken away last, given the hosts that are as planned by then: a plan for each host that has something to
   * take away. It never does more than the hosts' `afterwards` say. Undefined where a run has one stage only.
   */
  readonly lastStage?: ((done: ReadonlySet<string>) => readonly HostPlan[]) | undefined;
  /**
   * Looks at a host again once a stage of it was carried out, and plans what is left. Throws an OperatorError where that
   * can't be done. Undefined where what is left doesn't depend on it: then it's the `next` of the plan.
   */
  readonly lookAgain?: ((host: string) => Promise<HostPlan>) | undefined;
}

/** All that is planned for a host, stage by stage. */
export function stagesOf(plan: HostPlan): readonly HostPlan[] {
  const rest = plan.next === undefined ? [] : stagesOf(plan.next);
  return [plan, ...rest, ...(plan.afterwards === undefined ? [] : stagesOf(plan.afterwards))];
}

/** The number of a stage, from 1, of those of `stagesOf`. */
export function stageNumber(plan: HostPlan, index: number): number {
  return plan.stage?.number ?? index + 1;
}

/** Whether the host isn't as it should be, in whatever way a run would mend. */
export function differs(plan: HostPlan): boolean {
  return (
    changesNow(plan) || plan.next !== undefined || plan.afterwards !== undefined || plan.leftovers === true
  );
}

/** Whether something is to be done to the host in the run's first stage: a handler without changes is an owed restart. */
export function changesNow(plan: HostPlan): boolean {
  return plan.actions.length > 0 || plan.changes.length > 0 || plan.handlers.length > 0;
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
