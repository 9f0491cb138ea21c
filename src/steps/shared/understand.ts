import { FormatError } from '../../formats/format-error.ts';
import { type Location, OperatorError, type Problem } from '../../model/operator-error.ts';
import { maskFile } from '../../secrets/mask-file.ts';
import { heard } from '../../secrets/showable.ts';
import type { StepHost } from '../../virtual/step-host.ts';

/** What to say of a text that can't be edited, where it isn't the text that is wrong. */
export interface Refusal {
  readonly code: string;
  readonly message: (what: string) => string;
  readonly next: string;
}

/**
 * Run an edit of a file's text. Anything that the format can't read or hold becomes an OperatorError that
 * names the file, the line and what was found there.
 */
export function understand<Result>(
  host: StepHost,
  path: string,
  text: string,
  edit: () => Result,
  refusal?: Refusal,
): Result {
  try {
    return edit();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const problem = notUnderstood(path, text, error);
    const { code = problem.code, next = problem.next } = refusal ?? {};
    const message = refusal?.message(heard(error.what)) ?? problem.message;
    throw new OperatorError({
      ...{ ...problem, code, message, next },
      host: host.snapshot.host,
      step: host.step,
    });
  }
}

/** What a format can't read or hold, as a problem with its place in the host's file. */
export function notUnderstood(path: string, text: string, error: FormatError): Problem {
  const location = locationOf(path, text, error);
  return {
    code: 'file-not-understood',
    message: `${location === undefined ? path : 'the file'} can't be edited safely: ${heard(error.what)}`,
    next: `fix ${location === undefined ? 'the file' : 'that place'} on the host by hand, then plan again; nothing was changed`,
    ...(location === undefined ? {} : { location }),
  };
}

function locationOf(path: string, text: string, error: FormatError): Location | undefined {
  if (error.line === undefined) return undefined;
  // What is a secret can depend on the lines above.
  const line = maskFile(path, text).split(/\r\n|\n|\r/)[error.line - 1] ?? '';
  return { file: path, line: error.line, column: error.column ?? 1, text: line };
}
