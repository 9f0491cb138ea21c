import type { Change } from './change.ts';

/** Where in a file of the operator's an error lies; `line` and `column` count from 1. */
export interface Location {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** the line itself, without its end */
  readonly text: string;
}

/** What went wrong, in the shape in which it is printed and put into JSON. */
export interface Problem {
  /** stable, kebab-case; listed in docs/errors.md */
  readonly code: string;
  /** what happened, one sentence without the host's name */
  readonly message: string;
  /** what to do about it */
  readonly next?: string | undefined;
  readonly host?: string | undefined;
  readonly step?: string | undefined;
  readonly location?: Location | undefined;
  /** what another program said, word for word (nginx's own message) */
  readonly detail?: string | undefined;
  /** what would change if the operator said so, as `next` tells; shown as a diff behind `detail` */
  readonly changes?: readonly Change[] | undefined;
}

/** An error that an operator can meet and do something about. Anything else that is thrown is a bug. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }

  get code(): string {
    return this.problem.code;
  }
}

/** Several mistakes reported at once, such as all those of an inventory. */
export class OperatorErrors extends Error {
  override readonly name = 'OperatorErrors';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => problem.message).join('\n'));
    this.problems = problems;
  }
}

/** The problems behind anything that was thrown; what isn't an operator's error becomes `unexpected`. */
export function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof OperatorError) return [error.problem];
  if (error instanceof OperatorErrors) return error.problems;
  const message = error instanceof Error ? error.message : String(error);
  return [
    {
      code: 'unexpected',
      message: `an unexpected error: ${message}`,
      next: 'this is a fault of clusterproxy: please report it with the output of --verbose',
      detail: error instanceof Error ? error.stack : undefined,
    },
  ];
}
