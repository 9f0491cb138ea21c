import type { OperatorError } from '../../model/operator-error.ts';
import type { StepHost } from '../../virtual/step-host.ts';

/** One thing on a host that somebody made by hand for what a step is there to do. */
export interface Finding {
  readonly path: string;
  /** counts from 1; undefined where the whole file is meant */
  readonly line?: number | undefined;
  /** what stands there, as a person would say it */
  readonly what: string;
}

/**
 * The problem of a host that was set up by hand. Overwriting it could lose what somebody knew and the step
 * doesn't, so it takes a word of the operator's: `adopt`.
 */
export function existingSetUp(host: StepHost, findings: readonly Finding[]): OperatorError {
  const list = findings.map(
    ({ path, line, what }) => `${path}${line === undefined ? '' : `:${line}`}: ${what}`,
  );
  return host.problem(
    'set-up-by-hand',
    `this was set up by hand before: ${list.join('; ')}`,
    'say "adopt: true" in the inventory (vars, or on this host) to have it brought over; the plan shows what that changes',
  );
}
