import type { RunWindow } from '../windows/run-window.ts';

/** What an operator says of hosts that are to be changed later, by themselves. */
export interface QueueWishes {
  /** for how long nobody may have been there, without a break; seconds */
  readonly idleFor: number;
  /** until when they wait at the longest; milliseconds since the epoch */
  readonly until: number;
  /** new people can't join such a host while it is changed, and the operator agrees to that */
  readonly withoutCordon: boolean;
  /** when they may interrupt people; undefined: as all other hosts of the run */
  readonly window?: RunWindow | undefined;
}
