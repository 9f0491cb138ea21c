import { errorAt } from '../text.ts';

/** One word of a line, as HAProxy takes it: without quotes, with its escapes resolved. */
export interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** it has no environment variable, which only the HAProxy that loads it can look up */
  readonly isLiteral: boolean;
}

const letters: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
/** What a backslash makes an ordinary character; before any other, it is one itself. */
const escapable = new Set([' ', '\\', '#', '"', "'"]);

/**
 * The words of the line `text.slice(start, end)`; none if it is empty or a comment. A `#` begins a comment
 * wherever it isn't quoted, also within a word. FormatError for a quote that isn't closed and for `\x`
 * without two digits, which HAProxy refuses. Source: HAProxy's configuration manual, 2.2 "Quoting and
 * escaping" and 2.3 "Environment variables"; tried with 2.6.
 */
export function wordsOf(text: string, start: number, end: number): readonly Word[] {
  const words: Word[] = [];
  let at = skipBlanks(text, start, end);
  while (at < end && !endsLine(text[at])) {
    const word = wordAt(text, at, end);
    words.push(word);
    at = skipBlanks(text, word.end, end);
  }
  return words;
}

/** A text as one word that HAProxy reads as that text. It must have no line end. */
export function quoteWord(text: string): string {
  if (/^[\w./+:@%=,-]+$/.test(text)) return text;
  return `"${text.replace(/[\\"$]/g, '\\$&')}"`;
}

function wordAt(text: string, start: number, end: number): Word {
  let value = '';
  let isLiteral = true;
  let quote: { readonly sign: string; readonly at: number } | undefined;
  let at = start;
  while (at < end) {
    const sign = text[at] ?? '';
    if (quote === undefined && (isBlank(sign) || endsLine(sign))) break;
    if (sign === quote?.sign) quote = undefined;
    else if (quote === undefined && (sign === '"' || sign === "'")) quote = { sign, at };
    else if (sign === '\\' && quote?.sign !== "'") {
      const escaped = escapeAt(text, at, end, quote?.sign);
      value += escaped.value;
      at += escaped.length;
      continue;
    } else {
      if (sign === '$' && quote?.sign === '"') isLiteral = false;
      value += sign;
    }
    at++;
  }
  if (quote !== undefined) throw errorAt(text, quote.at, `the quote ${quote.sign} is never closed`);
  return { text: value, start, end: at, isLiteral };
}

function escapeAt(
  text: string,
  at: number,
  end: number,
  quote: string | undefined,
): { readonly value: string; readonly length: number } {
  const next = at + 1 < end ? (text[at + 1] ?? '') : '';
  if (escapable.has(next) || (next === '$' && quote === '"')) return { value: next, length: 2 };
  const letter = letters[next];
  if (letter !== undefined) return { value: letter, length: 2 };
  if (next !== 'x') return { value: '\\', length: 1 };
  const digits = text.slice(at + 2, Math.min(at + 4, end));
  if (!/^[0-9a-f]{2}$/i.test(digits)) {
    throw errorAt(text, at, `expected two hexadecimal digits after \\x, found ${JSON.stringify(digits)}`);
  }
  return { value: String.fromCharCode(Number.parseInt(digits, 16)), length: 4 };
}

function skipBlanks(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && isBlank(text[at] ?? '')) at++;
  return at;
}

/** As isspace(3) has them, but for what ends a line. */
function isBlank(sign: string): boolean {
  return sign === ' ' || sign === '\t' || sign === '\v' || sign === '\f';
}

/** A carriage return ends a line as well; what stands behind it on the line isn't read. */
function endsLine(sign: string | undefined): boolean {
  return sign === '#' || sign === '\r' || sign === '\n';
}
