import { errorAt } from '../text.ts';

export type Token =
  | { readonly kind: ';' | '{' | '}'; readonly start: number; readonly end: number }
  | {
      readonly kind: 'word';
      readonly start: number;
      readonly end: number;
      readonly raw: string;
      readonly text: string;
    };

/**
 * A word, quoted as a whole or bare; `${` doesn't open a block, and a backslash includes the next character.
 */
const QUOTED = /"((?:\\[\s\S]|[^"\\])*)"|'((?:\\[\s\S]|[^'\\])*)'/y;
const BARE = /(?:\\[\s\S]|\$\{?|[^ \t\r\n;{\\$])+/y;
const BLANK = /(?:[ \t\r\n]+|#[^\n]*)+/y;

/**
 * nginx's tokens without comments and blanks, as ngx_conf_read_token finds them: quotes, `#` and `}` count
 * only where a word starts. Sending an offset continues there.
 */
export function* tokensOf(text: string): Generator<Token, undefined, number | undefined> {
  // nginx skips a byte order mark at the beginning of a file.
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  while (at < text.length) {
    at = skip(BLANK, text, at);
    const first = text[at];
    if (first === undefined) {
      return;
    }
    if (first === ';' || first === '{' || first === '}') {
      at = (yield { kind: first, start: at, end: at + 1 }) ?? at + 1;
      continue;
    }
    const start = at;
    const quoted = first === '"' || first === "'";
    at = skip(quoted ? QUOTED : BARE, text, at);
    if (at === start) {
      throw errorAt(
        text,
        start,
        quoted ? `the quotation ${first} is never closed` : `unexpected ${JSON.stringify(first)}`,
      );
    }
    if (quoted && !/^(?:[ \t\r\n;{)]|$)/.test(text.slice(at, at + 1))) {
      throw errorAt(
        text,
        at,
        `unexpected ${JSON.stringify(text[at])} after a quotation: expected a blank, ";" or "{"`,
      );
    }
    const raw = text.slice(start, at);
    yield { kind: 'word', start, end: at, raw, text: unquote(quoted ? raw.slice(1, -1) : raw) };
  }
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

const ESCAPES: Readonly<Record<string, string>> = {
  t: '\t',
  r: '\r',
  n: '\n',
  '"': '"',
  "'": "'",
  '\\': '\\',
};

function unquote(raw: string): string {
  return raw.replace(/\\([\s\S])/g, (both, c: string) => ESCAPES[c] ?? both);
}
