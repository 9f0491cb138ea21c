import type { Change } from './change.ts';
import type { Handler } from './handler.ts';
import type { Ledger } from './ledger.ts';
import type { Problem } from './operator-error.ts';
import type { Snapshot, UnsettledRun } from './snapshot.ts';

/** A handler that will run, and the steps whose changes ask for it. */
export interface PlannedHandler {
  readonly handler: Handler;
  readonly because: readonly string[];
}

/** What a guard said when the host was looked at: who would be interrupted now. */
export interface GuardReport {
  readonly guard: string;
  readonly state: 'idle' | 'busy' | 'unknown';
  /** one entry for each meeting or session, in words, without secrets */
  readonly sessions: readonly string[];
}

/** What will be done to one host, and why. */
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

/** Whether a run does anything to the host: bringing an earlier run to its end counts. */
export function isDue(plan: HostPlan): boolean {
  const work = plan.changes.length > 0 || plan.unsettled.length > 0;
  return work && plan.problem === undefined && !plan.skipped;
}
