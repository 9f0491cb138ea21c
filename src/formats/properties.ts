import { FormatError } from './format-error.ts';
import type { KeyedFormat, Value } from './keyed-format.ts';
import { applyEdits, isEscaped, lineEndOf, linesOf, scalarText, singleName } from './text.ts';

/**
 * One definition: `text.slice(start, end)` is its logical line, with continuations, up to `next` with its
 * line end.
 */
interface Definition {
  readonly start: number;
  readonly end: number;
  readonly next: number;
  readonly key: string | undefined;
  /** undefined if an escape is malformed, in which case Java refuses the file */
  readonly value: string | undefined;
}

/**
 * Java properties (java.util.Properties.load), as read by programs *and* scripts: some packages' scripts use
 * grep, sed and cut, so definitions are written as `name=value` at the start of a line, with no blanks around
 * `=`, no escapes, no continuation and no second definition. Reading accepts everything that Java accepts.
 *
 * - `get` returns what Java returns: the last definition. Values are always strings.
 * - `set` leaves the text alone only if the single definition reads the same to Java and to grep. Of
 *   duplicates, the last one, which is in effect, stays and gets the value; the others are removed. A
 *   commented-out default stays a comment. A new definition is appended, and its line always gets a line end,
 *   so that a later `echo … >> FILE` can't be joined to it.
 * - `set` refuses what can't be written without an escape: control characters, a backslash, a leading blank.
 * - `remove` after `set` of an absent name restores the same bytes, except for a line end that was missing at
 *   the end of the text.
 */
export const properties: KeyedFormat = {
  name: 'properties',

  get(text, key) {
    const name = singleName(key);
    const last = definitionsOf(text).findLast((definition) => definition.key === name);
    if (last !== undefined && last.value === undefined) {
      throw new FormatError(`the value of ${name} contains a malformed \\u escape`);
    }
    return last?.value;
  },

  set(text, key, value) {
    const line = definitionLine(singleName(key), value);
    const all = definitionsOf(text).filter((definition) => definition.key === key[0]);
    const last = all.pop();
    if (last === undefined) {
      return append(text, line);
    }
    const edits = all.map(({ start, next }) => ({ start, end: next, insert: '' }));
    if (text.slice(last.start, last.end) !== line) {
      edits.push({ start: last.start, end: last.end, insert: line });
    }
    return applyEdits(text, edits);
  },

  remove(text, key) {
    const name = singleName(key);
    return applyEdits(
      text,
      definitionsOf(text)
        .filter((definition) => definition.key === name)
        .map(({ start, next }) => ({ start, end: next, insert: '' })),
    );
  },

  rest(text, key) {
    const name = singleName(key);
    const others = definitionsOf(text).filter((definition) => definition.key !== name);
    return Object.fromEntries(others.map((one) => [one.key ?? '', one.value ?? null]));
  },
};

function definitionLine(name: string, value: Value): string {
  if (!/^[^#!=:\\\s\p{Cc}\p{Surrogate}\uFEFF][^=:\\\s\p{Cc}\p{Surrogate}]*$/u.test(name)) {
    throw new FormatError(`${JSON.stringify(name)} cannot be a property's name without escapes`);
  }
  const written = scalarText(value);
  const found = /[\p{Cc}\u2028\u2029\p{Surrogate}]/u.exec(written);
  if (found !== null) {
    throw new FormatError(
      `the value of ${name} contains ${JSON.stringify(found[0])}: expected one line of text`,
    );
  }
  if (written.includes('\\')) {
    throw new FormatError(
      `the value of ${name} contains a backslash: Java needs it escaped, and scripts that read the file with grep would see the escape`,
    );
  }
  if (/^\s/.test(written)) {
    throw new FormatError(`the value of ${name} starts with a blank, which Java drops`);
  }
  return `${name}=${written}`;
}

function append(text: string, line: string): string {
  const lineEnd = lineEndOf(text);
  const ended = text === '' || /[\r\n]$/.test(text);
  // A continuation at the end of the text would swallow the new line; an empty line ends it and changes no
  // value. After a CR, an LF would be part of the same line end.
  const emptyLine = text.endsWith('\r') ? '\r' : lineEnd;
  return text + (ended ? '' : lineEnd) + (parse(text).open ? emptyLine : '') + line + lineEnd;
}

function definitionsOf(text: string): readonly Definition[] {
  return parse(text).definitions;
}

/** The definitions of a text, in order, and whether the text ends within one (after a backslash). */
function parse(text: string): { definitions: Definition[]; open: boolean } {
  const definitions: Definition[] = [];
  let open = false;
  const lines = linesOf(text);
  for (let i = 0; i < lines.length; i++) {
    const first = lines[i];
    if (first === undefined || /^[ \t\f]*(?:[#!]|$)/.test(text.slice(first.start, first.end))) {
      continue;
    }
    const parts: string[] = [];
    let last = first;
    for (;;) {
      const part = text.slice(last.start, last.end).replace(/^[ \t\f]+/, '');
      const continued = isEscaped(part, part.length);
      parts.push(continued ? part.slice(0, -1) : part);
      if (!continued) {
        break;
      }
      const following = lines[i + 1];
      if (following === undefined) {
        open = true;
        break;
      }
      i++;
      last = following;
    }
    const logical = parts.join('');
    if (logical !== '') {
      definitions.push({ start: first.start, end: last.end, next: last.next, ...split(logical) });
    }
  }
  return { definitions, open };
}

function split(logical: string): { key: string | undefined; value: string | undefined } {
  const key = /^(?:\\[\s\S]|[^\\=: \t\f])*/.exec(logical)?.[0] ?? '';
  const separator = /^[ \t\f]*[=:]?[ \t\f]*/.exec(logical.slice(key.length))?.[0] ?? '';
  return { key: withoutEscapes(key), value: withoutEscapes(logical.slice(key.length + separator.length)) };
}

const LETTER_ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

/** The text that Java reads; undefined for a malformed `\u`. */
function withoutEscapes(text: string): string | undefined {
  let malformed = false;
  const plain = text.replace(
    /\\(?:u([0-9A-Fa-f]{4})|([\s\S]))/g,
    (_, hex: string | undefined, letter: string | undefined) => {
      malformed ||= letter === 'u';
      return hex === undefined
        ? (LETTER_ESCAPES[letter ?? ''] ?? letter ?? '')
        : String.fromCharCode(Number.parseInt(hex, 16));
    },
  );
  return malformed ? undefined : plain;
}
