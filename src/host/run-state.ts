/**
 * States of a run on a host that need no further work. `kept`, `conflict` and `stuck` are final too, but need
 * somebody's attention.
 */
export const finalStates: ReadonlySet<string> = new Set([
  'committed',
  'reverted',
  'refused',
  'deferred',
  'abandoned',
]);

/** The state no longer changes by itself. */
export function hasEnded(state: string): boolean {
  return finalStates.has(state) || state === 'kept' || state === 'conflict' || state === 'stuck';
}
