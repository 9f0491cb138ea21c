import type { AgreedOptions } from '../../plan/saved/agreement.ts';
import type { SavedPlan } from '../../plan/saved/saved-plan.ts';

/** By what a run is known to others, and what they need to go on with it. */
export interface RunIdentity {
  /** the id that the operator gave it; undefined: a new one */
  readonly id: string | undefined;
  /** what the call is, as a hash */
  readonly call: string;
  /** the options that were agreed on; undefined where the run can't be resumed */
  readonly options?: AgreedOptions | undefined;
  /** the run with whose rest it goes on, and that run's plan */
  readonly resumes?: { readonly run: string; readonly plan: SavedPlan } | undefined;
}

/**
 * Ids that an operator may give a run. They name folders and units on the hosts; a digit behind the last dash
 * would be a stage, `settle-` the unit that brings a run to its end at boot, `queued-` the one that asks
 * whether a run may begin.
 */
export function isRunId(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/.test(text) && !/-\d$|-$|^(settle|queued)-/.test(text);
}
