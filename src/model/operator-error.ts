import type { Change } from './change.ts';

/** Where in one of the operator's files an error is; `line` and `column` count from 1. */
export interface Location {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** the line itself, without its line ending */
  readonly text: string;
  /** the keys above the line, from the outermost, where it is one of a YAML file */
  readonly under?: readonly string[];
}

/** What went wrong, in the form in which it is printed and written to JSON. */
export interface Problem {
  /** stable, kebab-case; listed in docs/errors.md */
  readonly code: string;
  /** what happened, in one sentence without the host's name */
  readonly message: string;
  /** what to do about it */
  readonly next?: string | undefined;
  readonly host?: string | undefined;
  readonly step?: string | undefined;
  readonly location?: Location | undefined;
  /** our own words in addition to the message, one line each; shown before `detail` */
  readonly notes?: readonly string[] | undefined;
  /** the output of another program, word for word (such as nginx's own message) */
  readonly detail?: string | undefined;
  /** what would change if the operator followed `next`; shown as a diff after `detail` */
  readonly changes?: readonly Change[] | undefined;
}

/** An error that an operator can run into and fix. Anything else that is thrown is a bug. */
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

/** Several mistakes reported at once, such as all mistakes in an inventory. */
export class OperatorErrors extends Error {
  override readonly name = 'OperatorErrors';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => problem.message).join('\n'));
    this.problems = problems;
  }
}

/** The problems behind anything thrown; whatever isn't an OperatorError becomes `unexpected`. */
export function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof OperatorError) return [error.problem];
  if (error instanceof OperatorErrors) return error.problems;
  const message = error instanceof Error ? error.message : String(error);
  return [
    {
      code: 'unexpected',
      message: `an unexpected error: ${message}`,
      next: 'this is a bug in clusterproxy: please report it with the output of --verbose',
      detail: error instanceof Error ? error.stack : undefined,
    },
  ];
}
