import type { BusyPolicy } from './when-busy.ts';

/** How many hosts of a role may be out of service at once, or what share of them. */
export type MaxUnavailable = { readonly count: number } | { readonly percent: number };

/** The default, and that for a run at a time when people are there. */
export const usualMaxUnavailable: MaxUnavailable = { percent: 10 };
export const leastMaxUnavailable: MaxUnavailable = { count: 1 };

/**
 * How many of `hosts` that is; a share is rounded down, but one host may always be out: otherwise nothing
 * could be changed.
 */
export function mostOut(allowed: MaxUnavailable, hosts: number): number {
  if ('count' in allowed) return allowed.count;
  return Math.max(1, Math.floor((hosts * allowed.percent) / 100));
}

/** `2` or `20%`, each at least 1; undefined for any other text. */
export function parseMaxUnavailable(text: string): MaxUnavailable | undefined {
  const [, digits, sign] = /^(\d{1,6})(%?)$/.exec(text) ?? [];
  const number = Number(digits ?? 0);
  if (number < 1) return undefined;
  if (sign !== '%') return { count: number };
  return number > 100 ? undefined : { percent: number };
}

/** A host that serves nobody, and why, in a few words. */
export interface OutHost {
  readonly host: string;
  readonly why: string;
}

/** How a run will go through the hosts of one role if all of them end as planned. */
export interface RoleRollout {
  readonly role: string;
  /** the hosts that will be changed, in the order in which they are started */
  readonly hosts: readonly string[];
  /** how many are changed at once after the first one, which is changed alone */
  readonly atOnce: number;
  /** those that begin together, and of which all have ended before the next ones; undefined: none wait so */
  readonly waves?: readonly (readonly string[])[] | undefined;
  /** those of a wave are put back as well if one of them fails; undefined: they are not */
  readonly revertsWaves?: boolean | undefined;
  /** how many hosts of the role may be out at once, including those that are down */
  readonly maxUnavailable: number;
  readonly down: readonly OutHost[];
  /** the hosts that won't be started */
  readonly held: readonly string[];
  /** the host for which those are not started, as it comes before them; undefined: too many would be out */
  readonly heldUpBy?: string | undefined;
  /** they would have to be drained where people are, and no balancer can be told */
  readonly noDrain?: boolean | undefined;
  /**
   * people reach others through these hosts, so they are given back after those: `leaving`, once all that
   * leave have left; `undone`, once the run is undone on them
   */
  readonly after?: 'leaving' | 'undone' | undefined;
  /** what windows and the deadline mean for these hosts; undefined where they mean nothing */
  readonly window?: RoleWindow | undefined;
  /** what is done with those on which people are; undefined: they are put off */
  readonly whenBusy?: BusyPolicy | undefined;
  /** those of which another one takes over, before they begin, what only one has; undefined: none */
  readonly handsOver?: { readonly hosts: readonly string[]; readonly what: string } | undefined;
  /** those that change themselves later; undefined where none can */
  readonly queue?: RoleQueue | undefined;
}

/** Hosts of a role that change themselves once nobody is there. */
export interface RoleQueue {
  /** those that would be queued at this moment, and aren't begun; others may follow on which people come */
  readonly hosts: readonly string[];
  /** for how long nobody may have been there; seconds */
  readonly idleFor: number;
  /** until when they wait; ISO 8601 as clocks in the cluster's time zone show it */
  readonly until: string;
  /** how long nobody can join on such a host at the longest, while its services restart; seconds */
  readonly away: number;
  /** whether a balancer is known, which such a host can't tell */
  readonly balancer: boolean;
  /** the operator has agreed to that */
  readonly withoutCordon: boolean;
}

/** When hosts of a role may interrupt people. Instants: ISO 8601 as clocks in the time zone show them. */
export interface RoleWindow {
  /** IANA name, and who says so */
  readonly timeZone: string;
  readonly timeZoneFrom: 'inventory' | 'machine';
  /**
   * of the moment when the plan was made. `by-day`: a weekday from 07:00 to 18:00, and no window is
   * configured; undefined: no window decides, only the deadline
   */
  readonly state?: 'open' | 'closed' | 'by-day' | undefined;
  readonly now: string;
  /** when the window that is open closes; undefined if it never does */
  readonly closes?: string | undefined;
  /** when the next one opens that is long enough for them; undefined if none is, or one is open */
  readonly opens?: string | undefined;
  /** the operator set it for this run */
  readonly deadline?: string | undefined;
  /** the latest instant at which the host with the longest way begins */
  readonly lastBegin?: string | undefined;
  /** people are interrupted all the same: the operator said so */
  readonly regardless: boolean;
  /** the hosts whose change interrupts people */
  readonly interrupting: readonly string[];
  /** those that would be deferred at this moment, as no window is open for long enough */
  readonly deferred: readonly string[];
  /** those that would be, as the deadline comes too soon */
  readonly pastDeadline: readonly string[];
}
