/**
 * States of a run on a host that need nothing more. `kept`, `conflict` and `stuck` are ends as well, but
 * somebody has to know.
 */
export const finalStates: ReadonlySet<string> = new Set([
  'committed',
  'reverted',
  'refused',
  'deferred',
  'abandoned',
]);

/** The state doesn't change any more by itself. */
export function hasEnded(state: string): boolean {
  return finalStates.has(state) || state === 'kept' || state === 'conflict' || state === 'stuck';
}
