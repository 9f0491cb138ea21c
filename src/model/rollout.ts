/** How many hosts of a role may be out at once, or which share of them. */
export type MaxUnavailable = { readonly count: number } | { readonly percent: number };

/** Where nobody says otherwise. */
export const usualMaxUnavailable: MaxUnavailable = { percent: 10 };

/**
 * Of so many hosts; a share is rounded down, but one host may always be out: nothing could be changed
 * otherwise.
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

/** A host that serves nobody, and why that is so, in a few words. */
export interface OutHost {
  readonly host: string;
  readonly why: string;
}

/** How a run will go through the hosts of one role, should all of them end as planned. */
export interface RoleRollout {
  readonly role: string;
  /** those that will be changed, in the order in which they begin */
  readonly hosts: readonly string[];
  /** how many at once, once the first one has been changed alone */
  readonly atOnce: number;
  /** so many of the role may be out at once; those that are down count */
  readonly maxUnavailable: number;
  readonly down: readonly OutHost[];
  /** those that won't be begun: more would be out than may be */
  readonly held: readonly string[];
}
