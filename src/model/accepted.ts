import type { Author } from './author.ts';
import type { Change } from './change.ts';

/** A difference on a host that somebody has accepted for a while, as the file beside the inventory has it. */
export interface Accepted {
  readonly host: string;
  /** absolute path, or the name of a unit */
  readonly path: string;
  /** one thing in the file, as plans name it; undefined: all that is at the path */
  readonly key?: string | undefined;
  /** scrypt hash of the value that was accepted: any other is a difference again */
  readonly value: string;
  readonly who: string;
  readonly reason: string;
  /** ISO 8601, UTC */
  readonly since: string;
  readonly until: string;
}

/** An accepted difference at the time of a plan. */
export interface AcceptedNow extends Accepted {
  /** its time is over */
  readonly ended: boolean;
}

/** What a step does where a thing is no longer as an earlier run wrote it. */
export const driftPolicies = ['fix', 'report', 'keep'] as const;
export type DriftPolicy = (typeof driftPolicies)[number];

/** A managed thing that stays as it is, and why. */
export interface LeftItem {
  readonly path: string;
  readonly format: string;
  readonly key: readonly string[];
  /** `accepted` by somebody; or its step says so: `report` counts as drift, `keep` does not */
  readonly because: 'accepted' | 'report' | 'keep';
  readonly accepted?: Pick<Accepted, 'who' | 'reason' | 'since' | 'until'> | undefined;
}

/** What a step would change at a path, and a run doesn't. */
export interface LeftAsIs {
  readonly step: string;
  /** at least one */
  readonly items: readonly LeftItem[];
  /** from how the step leaves the path to how it would make it */
  readonly change: Change;
  /** handlers that are not asked for because of this */
  readonly handlers: readonly string[];
  /** who made it differ: only of what is no longer as the last run wrote it */
  readonly author?: Author | undefined;
}

/** The differences at the time of a plan. `now`: milliseconds since 1970. */
export function acceptedAt(accepted: readonly Accepted[], now: number): readonly AcceptedNow[] {
  return accepted.map((one) => ({ ...one, ended: Date.parse(one.until) <= now }));
}
