/**
 * Work that can be put aside at each `yield`. Whoever does it decides how often: planning a host with large
 * files takes seconds, in which signals and other hosts would wait. What it yields is the name of the host
 * that it is about to work on, where another one's turn begins.
 */
export type InTurns<Result> = Generator<string | undefined, Result, undefined>;

/** The result of the work, without a pause. */
export function atOnce<Result>(work: InTurns<Result>): Result {
  for (;;) {
    const turn = work.next();
    if (turn.done === true) return turn.value;
  }
}
