/**
 * Work that can be put aside at each `yield`. Whoever does it decides how often: planning a host with large
 * files takes seconds, in which signals and other hosts would wait.
 */
export type InTurns<Result> = Generator<undefined, Result, undefined>;

/** The result of the work, without a pause. */
export function atOnce<Result>(work: InTurns<Result>): Result {
  for (;;) {
    const turn = work.next();
    if (turn.done === true) return turn.value;
  }
}
