import type { BusyPolicy } from './when-busy.ts';

/** How many hosts of a role may be out of service at once, or what share of them. */
export type MaxUnavailable = { readonly count: number } | { readonly percent: number };

/** The default. */
export const usualMaxUnavailable: MaxUnavailable = { percent: 10 };

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
  /** how many hosts of the role may be out at once, including those that are down */
  readonly maxUnavailable: number;
  readonly down: readonly OutHost[];
  /** the hosts that won't be started, because too many would be out */
  readonly held: readonly string[];
  /** what is done with those on which people are; undefined: they are put off */
  readonly whenBusy?: BusyPolicy | undefined;
}
