import { FormatError } from '../format-error.ts';

/**
 * A word of `Environment=`; `value` is undefined if it contains a specifier (`%n`) or bytes that aren't text.
 */
export interface Word {
  /** offsets in the value */
  readonly start: number;
  readonly end: number;
  readonly name: string | undefined;
  readonly value: string | undefined;
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
  s: ' ',
}; // prettier-ignore
const ESCAPE = /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([0-7]{3})|([abfnrtv\\"'s]))/y;

/**
 * The words of an `Environment=` value, by systemd's rules for quotes and C escapes (systemd.syntax(7),
 * "Quoting"; extract_first_word with EXTRACT_CUNESCAPE and EXTRACT_UNQUOTE). undefined if systemd refuses the
 * line.
 */
export function wordsOf(value: string): Word[] | undefined {
  const words: Word[] = [];
  const blank = /[ \t\r\n]+/y;
  let at = 0;
  while (at < value.length) {
    blank.lastIndex = at;
    if (blank.test(value)) {
      at = blank.lastIndex;
      continue;
    }
    const start = at;
    let text: string | undefined = '';
    let quote = '';
    for (; at < value.length && (quote !== '' || !/[ \t\r\n]/.test(value[at] ?? '')); ) {
      const c = value[at] ?? '';
      if (c === '\\') {
        ESCAPE.lastIndex = at;
        const found = ESCAPE.exec(value);
        if (found === null) {
          return undefined;
        }
        const [all, hex, short, long, octal, letter] = found;
        const code = Number.parseInt(hex ?? octal ?? '0', octal === undefined ? 16 : 8);
        const point = Number.parseInt(short ?? long ?? '0', 16);
        if (point > 0x10ffff || (letter === undefined && code === 0 && point === 0)) {
          return undefined;
        }
        const piece: string | undefined =
          letter !== undefined
            ? ESCAPES[letter]
            : hex !== undefined || octal !== undefined
              ? code < 0x80
                ? String.fromCharCode(code)
                : undefined
              : String.fromCodePoint(point);
        text = text === undefined || piece === undefined ? undefined : text + piece;
        at += all.length;
        continue;
      }
      if (quote === '' ? c === '"' || c === "'" : c === quote) {
        quote = quote === '' ? c : '';
      } else {
        text = text === undefined ? undefined : text + c;
      }
      at++;
    }
    if (quote !== '') {
      return undefined;
    }
    words.push({ start, end: at, ...assignmentOf(text, value.slice(start, at)) });
  }
  return words;
}

function assignmentOf(text: string | undefined, raw: string): Pick<Word, 'name' | 'value'> {
  const whole = /^([A-Za-z_][A-Za-z0-9_]*)=([\s\S]*)$/.exec(text ?? raw.replace(/^["']/, ''));
  const [, name, value] = whole ?? [];
  const specifiers = value?.replaceAll('%%', '') ?? '';
  return {
    name,
    value: text === undefined || specifiers.includes('%') ? undefined : value?.replaceAll('%%', '%'),
  };
}

/**
 * `"NAME=value"` for `Environment=`, in which `$` has no meaning and `%` is doubled. FormatError for control
 * characters other than tab and LF.
 */
export function environmentWord(name: string, value: string): string {
  const found = /[^\P{Cc}\t\n]|\p{Surrogate}/u.exec(value);
  if (found !== null) {
    throw new FormatError(
      `${JSON.stringify(found[0])} cannot be written in an environment variable of a unit`,
    );
  }
  const escaped = value
    .replace(/["\\]/g, '\\$&')
    .replaceAll('%', '%%')
    .replaceAll('\t', '\\t')
    .replaceAll('\n', '\\n');
  return `"${name}=${escaped}"`;
}
