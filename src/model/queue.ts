/** How a host carries out a plan by itself, once nobody has been there for long enough. */
export interface QueueRules {
  /** for how long nobody may have been there, without a break; seconds */
  readonly idleFor: number;
  /** how often the host asks its guards; seconds */
  readonly every: number;
  /** since when it waits, and until when at the longest; seconds since the epoch by the host's clock */
  readonly since: number;
  readonly until: number;
  /** when it may begin, in order; seconds since the epoch by the host's clock */
  readonly slots: readonly Slot[];
}

/** From the first of two instants up to the second, which doesn't belong to it. */
export interface Slot {
  readonly from: number;
  readonly to: number;
}

/** A run that waits on a host until nobody is there. Times: seconds since the epoch. */
export interface QueuedRun {
  readonly run: string;
  /** who queued it, from where, with which command */
  readonly who: string | undefined;
  readonly since: number;
  /** it expires then */
  readonly until: number;
  /** for how long nobody may have been there; seconds */
  readonly idleFor: number;
  /** when it may begin: at this moment, or next; undefined if never again */
  readonly slot: Slot | undefined;
  /** what the host found when it asked its guards last; undefined: it has not asked yet */
  readonly asked: QueueAnswer | undefined;
}

/** The last answer of a host's guards, as it remembers it. */
export interface QueueAnswer {
  readonly at: number;
  readonly verdict: 'none' | 'busy' | 'unknown';
  /** since when nobody is there; undefined: somebody is, or may be */
  readonly idleSince: number | undefined;
  /** what keeps it from beginning besides people */
  readonly heldBack: 'held' | 'leased' | 'locked' | 'window' | 'failed' | undefined;
  /** who is there, or why that isn't known */
  readonly words: string;
}

/** Defaults: how long nobody may have been there, and how long a host waits for that. Seconds. */
export const usualIdleFor = 1_200;
export const usualQueueTime = 7 * 86_400;

/** How often a host asks: the shorter the time that it waits for, the more often. Seconds. */
export function askedEvery(idleFor: number): number {
  return Math.max(1, Math.min(30, Math.floor(idleFor / 10)));
}
