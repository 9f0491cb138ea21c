import type { ErrorCode, YAMLError } from 'yaml';
import type { Location, Problem } from '../model/operator-error.ts';
import { indentationSlip, type Slip } from './indentation.ts';

/** The most frequent cause of each error of the YAML parser. */
const hints: Partial<Record<ErrorCode, string>> = {
  BAD_INDENT: 'give it the same indentation as its neighbours, and close every bracket and brace',
  BAD_SCALAR_START: 'put the text in single quotes',
  BAD_DQ_ESCAPE: 'use single quotes, in which a backslash stands for itself',
  BLOCK_AS_IMPLICIT_KEY:
    'check the indentation here, and put text that contains a colon and a space in quotes',
  MULTILINE_IMPLICIT_KEY: 'write `key: value`, with a colon and a space',
  MISSING_CHAR: 'write `key: value`, and close every bracket and quote',
  UNEXPECTED_TOKEN: 'put it on a line of its own, or in quotes',
};

/**
 * What the YAML parser found wrong in a text. Where the indentation of a line explains its first error,
 * the others are most likely consequences.
 */
export function syntaxProblems(
  errors: readonly YAMLError[],
  text: string,
  locate: (offset: number) => Location,
): readonly Problem[] {
  const problems = firstOfEachLine(errors.map((error) => syntaxProblem(error, locate)));
  const first = problems.find(({ code }) => code === 'yaml-syntax');
  if (first === undefined || first !== problems[0]) return problems;
  const slip = indentationSlip(text);
  const at = first.location?.line ?? 0;
  // The parser complains of a line between the two, or of the next one.
  if (slip === undefined || at < slip.other.line || at > slip.line + 1) return problems;
  return [slipProblem(slip, locate(offsetOf(text, slip)))];
}

function slipProblem({ column, name, other }: Slip, location: Location): Problem {
  const here = `${name} begins in column ${column}`;
  return {
    code: 'yaml-syntax',
    message: `this line or line ${other.line} is indented wrong: ${here}, ${other.name} in column ${other.column}`,
    next: 'let both begin in the same column if they belong together; indent with spaces',
    location,
  };
}

function offsetOf(text: string, { line, column }: Slip): number {
  const before = text.split('\n', line - 1).join('\n').length;
  return before + (line === 1 ? 0 : 1) + column - 1;
}

/** A single mistake often makes the parser report the same line several times. */
function firstOfEachLine(problems: readonly Problem[]): readonly Problem[] {
  return [
    ...new Map(problems.toReversed().map((problem) => [problem.location?.line, problem])).values(),
  ].sort((one, other) => (one.location?.line ?? 0) - (other.location?.line ?? 0));
}

/** An error of the YAML parser as a problem in the file. */
function syntaxProblem(error: YAMLError, locate: (offset: number) => Location): Problem {
  const location = locate(error.pos[0]);
  if (error.code === 'TAB_AS_INDENT') {
    return {
      code: 'yaml-tab',
      message: 'a tab is used for indentation; expected spaces',
      next: 'replace the tab with spaces',
      location,
    };
  }
  if (error.code === 'MULTIPLE_DOCS') {
    return {
      code: 'yaml-several-documents',
      message: 'the file has several documents; expected one',
      next: 'remove the line `---` or `...` and everything after it, or move that to a file of its own',
      location,
    };
  }
  return {
    code: 'yaml-syntax',
    message: `this is not valid YAML: ${lowerFirst(error.message)}`,
    next: hints[error.code] ?? 'check this line and the one above it',
    location,
  };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
