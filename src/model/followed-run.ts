/** A run that was begun elsewhere or earlier, as its hosts tell of it. */
export interface FollowedRun {
  readonly run: string;
  readonly command: string;
  readonly by: string;
  /** name of the machine on which it was begun */
  readonly from: string;
  readonly version: string;
  /** ISO 8601, UTC, by that machine's clock */
  readonly startedAt: string;
  /** `lost`: it has not ended, and its controller is gone */
  readonly phase: 'going-on' | 'ended' | 'lost';
  /** the run with whose rest it goes on */
  readonly resumes?: string | undefined;
  /** the run that goes on with its rest */
  readonly resumedBy?: string | undefined;
}
