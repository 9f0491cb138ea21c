import { FormatError } from '../../formats/format-error.ts';
import { OperatorError } from '../../model/operator-error.ts';
import { maskFile } from '../../secrets/mask-file.ts';
import { heard } from '../../secrets/showable.ts';
import type { StepHost } from '../../virtual/step-host.ts';

/**
 * Run an edit of a file's text. Anything that the format can't read or hold becomes an OperatorError that
 * names the file, the line and what was found there.
 */
export function understand<Result>(host: StepHost, path: string, text: string, edit: () => Result): Result {
  try {
    return edit();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new OperatorError({
      code: 'file-not-understood',
      message: `${path} can't be edited safely: ${heard(error.message)}`,
      next: 'fix that place in the file on the host, then plan again; nothing was changed',
      host: host.snapshot.host,
      step: host.step,
      location: locationOf(path, text, error),
    });
  }
}

function locationOf(path: string, text: string, error: FormatError) {
  if (error.line === undefined) return undefined;
  // What is a secret can depend on the lines above.
  const line = maskFile(path, text).split(/\r\n|\n|\r/)[error.line - 1] ?? '';
  return { file: path, line: error.line, column: error.column ?? 1, text: line };
}
