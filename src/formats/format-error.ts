/** Where in a text an error is; lines and columns count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * Thrown for text that can't be edited safely, and for values that a format can't hold. The message says what
 * was found and what was expected; `line` and `column` (from 1) are set if the error has a place in the text.
 */
export class FormatError extends Error {
  override readonly name = 'FormatError';
  /** the message without the place */
  readonly what: string;
  readonly line?: number;
  readonly column?: number;

  constructor(message: string, position?: Position) {
    super(position === undefined ? message : `line ${position.line}, column ${position.column}: ${message}`);
    this.what = message;
    if (position !== undefined) {
      this.line = position.line;
      this.column = position.column;
    }
  }
}
