import type { InTurns } from '../../model/in-turns.ts';
import { OperatorError } from '../../model/operator-error.ts';

/** For how long others wait at most, apart from what can't be interrupted. Milliseconds. */
const longest = 50;

/**
 * Does work while signals and what other hosts say are attended to. Throws an OperatorError `interrupted` as
 * soon as the signal says so.
 */
export async function inTurns<Result>(work: InTurns<Result>, signal: AbortSignal): Promise<Result> {
  let since = performance.now();
  for (;;) {
    const turn = work.next();
    if (turn.done === true) return turn.value;
    if (performance.now() - since < longest) continue;
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (signal.aborted) throw interrupted();
    since = performance.now();
  }
}

/** The end of planning that an operator has asked for. */
export function interrupted(): OperatorError {
  return new OperatorError({
    code: 'interrupted',
    message: 'interrupted while the changes were planned',
    next: 'run the command again',
  });
}
