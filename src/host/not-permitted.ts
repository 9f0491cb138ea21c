import { OperatorError } from '../model/operator-error.ts';

export interface Closed {
  /** the account that was used */
  readonly user: string;
  /** the host it logs in to, as the operator names it */
  readonly host: string | undefined;
  /** paths that it may not read, or may not even see */
  readonly paths: readonly string[];
}

/** The number of paths that are named; the others are counted. */
const namedPaths = 3;

/**
 * An account that isn't root may not read everything that is needed. A result based on what it can see would
 * be wrong.
 */
export function mayNotRead({ user, host, paths }: Closed): OperatorError {
  const more = paths.length - namedPaths;
  const named = [...paths.slice(0, namedPaths), ...(more > 0 ? [`${more} more`] : [])];
  const last = named.at(-1) ?? '';
  const words = named.length < 2 ? last : `${named.slice(0, -1).join(', ')} and ${last}`;
  return new OperatorError({
    code: 'not-permitted',
    message: `${user}${host === undefined ? '' : `@${host}`} is not root, and may not read what the plan depends on: ${words}`,
    next: `add \`become: sudo\` below \`ssh:\` in the inventory, so that ${user} uses sudo there; or log in as root`,
    host,
    detail: more > 0 ? paths.join('\n') : undefined,
  });
}
