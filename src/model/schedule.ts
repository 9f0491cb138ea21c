import type { Author } from './author.ts';
import type { NotifyTargetTold } from './notify.ts';

/** What a schedule does when its time comes: it only looks, or, within a window, also repairs. */
export const schedulePolicies = ['report', 'fix'] as const;
export type SchedulePolicy = (typeof schedulePolicies)[number];

/** From the first of two instants up to the second; ISO 8601, UTC. */
export interface TimeSpan {
  readonly from: string;
  readonly to: string;
}

/** Why something that differs was not repaired: of the whole cluster, or of one host. */
export interface PutOff {
  readonly host?: string | undefined;
  /** of an error, such as `busy`, `held` or `outside-window` */
  readonly code: string;
  readonly message: string;
}

/** How a scheduled run went. */
export interface ScheduledRun {
  /** when it began and ended; ISO 8601, UTC */
  readonly at: string;
  readonly endedAt: string;
  readonly policy: SchedulePolicy;
  readonly did: SchedulePolicy;
  /** id of the run that changed hosts; null: none did */
  readonly run: string | null;
  readonly exitStatus: number;
  /** how many hosts have each status */
  readonly statuses: Readonly<Record<string, number>>;
  /** windows that passed since the run before it without one, because this machine was off or asleep */
  readonly missed: readonly TimeSpan[];
  readonly putOff: readonly PutOff[];
  /** why it could not be carried out at all */
  readonly errors: readonly PutOff[];
  /** name of the file with all that it told, in the folder `runs`; undefined: it had nothing to tell */
  readonly report?: string | undefined;
}

/** Something on a host that is not as planned, and since which scheduled run that has been seen. */
export interface Difference {
  readonly host: string;
  /** a path, the name of a unit, what an action is about, or `restarts` that are owed */
  readonly what: string;
  /** ISO 8601, UTC */
  readonly since: string;
  /** who has changed it, as far as the host knows it */
  readonly author?: Pick<Author, 'kind' | 'name' | 'version' | 'clock' | 'evidence'> | undefined;
}

/** What a command of `schedule` tells. */
export interface ScheduleTold {
  /** name of the systemd units without their endings */
  readonly unit?: string | undefined;
  readonly manager?: 'system' | 'user' | undefined;
  /** undefined where that wasn't asked */
  readonly installed?: boolean | undefined;
  readonly policy?: SchedulePolicy | undefined;
  /** in words, such as `every 1h` */
  readonly when?: string | undefined;
  /** the folder that holds what scheduled runs have found */
  readonly records?: string | undefined;
  /** when the timer fires next, but for its random delay; ISO 8601 */
  readonly next?: string | undefined;
  /** when the window closes that is open now, or the next one opens; ISO 8601 */
  readonly window?: { readonly open: boolean; readonly until?: string | undefined } | undefined;
  /** the latest first */
  readonly runs?: readonly ScheduledRun[] | undefined;
  readonly differences?: readonly Difference[] | undefined;
  readonly texts?: readonly PrintedFile[] | undefined;
  /** those who are told what runs find */
  readonly notify?: readonly NotifyTargetTold[] | undefined;
  /** what else is worth knowing */
  readonly notes?: readonly string[] | undefined;
}

/** A text for another scheduler, and the name of the file that it is meant for. */
export interface PrintedFile {
  readonly file: string;
  readonly text: string;
}
