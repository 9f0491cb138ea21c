import { OperatorError } from '../model/operator-error.ts';

export interface Closed {
  /** the account that looked */
  readonly user: string;
  /** where it logs in, as the operator names it */
  readonly host: string | undefined;
  /** what it may not read, or not even see */
  readonly paths: readonly string[];
}

/** So many are named; the others are counted. */
const namedPaths = 3;

/**
 * An account that isn't root may not read what has to be looked at. What is told from what it sees would be a
 * lie.
 */
export function mayNotRead({ user, host, paths }: Closed): OperatorError {
  const more = paths.length - namedPaths;
  const named = [...paths.slice(0, namedPaths), ...(more > 0 ? [`${more} more`] : [])];
  const last = named.at(-1) ?? '';
  const words = named.length < 2 ? last : `${named.slice(0, -1).join(', ')} and ${last}`;
  return new OperatorError({
    code: 'not-permitted',
    message: `${user}${host === undefined ? '' : `@${host}`} is not root, and may not read what has to be looked at: ${words}`,
    next: `add \`become: sudo\` below \`ssh:\` in the inventory, so that ${user} works there through sudo; or log in as root`,
    host,
    detail: more > 0 ? paths.join('\n') : undefined,
  });
}
