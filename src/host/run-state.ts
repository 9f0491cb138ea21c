/** States of a run on a host that need nothing more. `conflict` and `stuck` are ends as well, but need a person. */
export const finalStates: ReadonlySet<string> = new Set([
  'committed',
  'reverted',
  'refused',
  'deferred',
  'abandoned',
]);

/** The state doesn't change any more by itself. */
export function hasEnded(state: string): boolean {
  return finalStates.has(state) || state === 'conflict' || state === 'stuck';
}
