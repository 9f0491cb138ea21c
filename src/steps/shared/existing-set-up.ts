import { OperatorError } from '../../model/operator-error.ts';
import { heard } from '../../secrets/showable.ts';
import type { StepHost } from '../../virtual/step-host.ts';

/** One thing on a host that somebody set up by hand for the same purpose as a step. */
export interface Finding {
  readonly path: string;
  /** counts from 1; undefined for the whole file */
  readonly line?: number | undefined;
  /** what was found there, in words for people */
  readonly what: string;
}

/**
 * The problem of a host that was set up by hand. Overwriting it could lose something that the step doesn't
 * know about, so the operator must agree with `adopt`.
 */
export function existingSetUp(host: StepHost, findings: readonly Finding[]): SetUpByHand {
  const found = findings.map(
    ({ path, line, what }) => `${path}${line === undefined ? '' : `:${line}`}: ${heard(what)}`,
  );
  return new SetUpByHand(found, { host: host.snapshot.host, step: host.step });
}

/** Thrown by a step; what several steps found is one question to the operator. */
export class SetUpByHand extends OperatorError {
  readonly found: readonly string[];

  constructor(
    found: readonly string[],
    place: { readonly host: string; readonly step?: string | undefined },
  ) {
    super({
      code: 'set-up-by-hand',
      message: `this was set up by hand before: ${found.join('; ')}`,
      next: 'set "adopt: true" in the inventory (in vars, or on this host) to take it over; the plan shows what that changes',
      ...place,
    });
    this.found = found;
  }
}
