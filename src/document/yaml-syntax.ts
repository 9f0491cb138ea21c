import type { ErrorCode, YAMLError } from 'yaml';
import type { Location, Problem } from '../model/operator-error.ts';

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

/** An error of the YAML parser as a problem in the file. */
export function syntaxProblem(error: YAMLError, locate: (offset: number) => Location): Problem {
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
