import { FormatError, type Position } from './format-error.ts';
import type { Value } from './keyed-format.ts';

/**
 * One line of a text: `text.slice(start, end)` is its content, `text.slice(end, next)` its line end ('' at
 * the end of the text).
 */
export interface Line {
  readonly start: number;
  readonly end: number;
  readonly next: number;
}

/** Replace `text.slice(start, end)` with `insert`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly insert: string;
}

/** The lines of a text. Line ends are LF, CR LF and, unless `loneCr` is false, a single CR. */
export function linesOf(text: string, { loneCr = true } = {}): Line[] {
  const lines: Line[] = [];
  const lineEnd = loneCr ? /\r\n|\n|\r/g : /\r\n|\n/g;
  let start = 0;
  for (const found of text.matchAll(lineEnd)) {
    lines.push({ start, end: found.index, next: found.index + found[0].length });
    start = found.index + found[0].length;
  }
  if (start < text.length) {
    lines.push({ start, end: text.length, next: text.length });
  }
  return lines;
}

/** The line end that a text uses: that of its first line, or LF if it has none. */
export function lineEndOf(text: string): string {
  return /\r\n|\n|\r/.exec(text)?.[0] ?? '\n';
}

/** Line and column (from 1) of an offset. */
function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset).split(/\r\n|\n|\r/);
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

/** A FormatError that points at an offset of the text. */
export function errorAt(text: string, offset: number, message: string): FormatError {
  return new FormatError(message, positionOf(text, offset));
}

/**
 * The text with all edits applied. Edits must not overlap; those at the same offset apply in the given order.
 */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = '';
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (edit.start < at || edit.end < edit.start) {
      throw new FormatError('edits overlap: the text cannot be edited in one go');
    }
    result += text.slice(at, edit.start) + edit.insert;
    at = edit.end;
  }
  return result + text.slice(at);
}

/** The offset at which the line that holds `offset` begins. */
export function lineStart(text: string, offset: number): number {
  let at = offset;
  while (at > 0 && text[at - 1] !== '\n' && text[at - 1] !== '\r') {
    at--;
  }
  return at;
}

/** The offset at which the line that holds `offset` ends, before its line end. */
export function lineStop(text: string, offset: number): number {
  const lineEnd = /[\r\n]/g;
  lineEnd.lastIndex = offset;
  return lineEnd.exec(text)?.index ?? text.length;
}

/** The offset after the line end at `offset`; `offset` itself if there is no line end. */
export function afterLineEnd(text: string, offset: number): number {
  if (text.startsWith('\r\n', offset)) {
    return offset + 2;
  }
  return text[offset] === '\n' || text[offset] === '\r' ? offset + 1 : offset;
}

/**
 * Whether the character at `offset` is escaped, or would be if there were one: whether an odd number of
 * backslashes stands right before it. (A regular expression tries every backslash as the first one.)
 */
export function isEscaped(text: string, offset: number): boolean {
  let at = offset;
  while (text[at - 1] === '\\') {
    at--;
  }
  return (offset - at) % 2 === 1;
}

/** A string, number or boolean as text, for a format without types; FormatError for anything else. */
export function scalarText(value: Value): string {
  if (typeof value === 'string') {
    return value;
  }
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) {
    return String(value);
  }
  throw new FormatError(`expected a string, a finite number or a boolean, found ${JSON.stringify(value)}`);
}

/** The only element of a key of length one; FormatError for other lengths. */
export function singleName(key: readonly string[]): string {
  const [name] = key;
  if (name === undefined || key.length !== 1) {
    throw new FormatError(`expected a key of one name, found ${JSON.stringify(key)}`);
  }
  return name;
}

/** Whether two values are the same; the order of a map's keys doesn't count. */
export function sameValue(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b) {
    return true;
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return Number.isNaN(a) && Number.isNaN(b);
  }
  if (isList(a) || isList(b)) {
    return isList(a) && isList(b) && a.length === b.length && a.every((item, i) => sameValue(item, b[i]));
  }
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameValue(a[key], b[key]))
  );
}

/** Whether a value is a list (Array.isArray doesn't narrow read-only arrays). */
export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** Whether a value is a map of keys to values. */
export function isMap(value: Value | undefined): value is { readonly [key: string]: Value } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
