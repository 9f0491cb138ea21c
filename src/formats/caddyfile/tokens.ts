import { errorAt } from '../text.ts';

/** A word of a Caddyfile: `text` is what Caddy sees, `text.slice(start, end)` of the file what is written. */
export interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** written in quotes, in backticks or as a heredoc: then it is never a brace */
  readonly isQuoted: boolean;
  /** no other token stands before it on its line, where an escaped line end doesn't end a line */
  readonly opensLine: boolean;
}

/** What Go's unicode.IsSpace takes for a blank. */
const BLANK = /[\t\n\v\f\r \u0085\u00A0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
/** An environment variable is put in before Caddy looks for words, so blanks of its default are no blanks. */
const ENVIRONMENT = /\{\$[^}]*\}/y;
const HEREDOC = /<<([A-Za-z0-9_-]+)\r*\n/y;

/**
 * The tokens of a Caddyfile, as Caddy's own lexer finds them (caddyconfig/caddyfile/lexer.go of 2.6 to 2.10):
 * quotes and `#` count only where a token begins; a backslash before a line end continues the line, even at
 * the end of a comment; carriage returns are nothing. FormatError for a quotation or heredoc without an end.
 */
export function tokensOf(text: string): Token[] {
  const lexer: Lexer = { text, at: text.startsWith('\uFEFF') ? 1 : 0, isEscaped: false, opensLine: true };
  const tokens: Token[] = [];
  for (let token = nextToken(lexer); token !== undefined; token = nextToken(lexer)) tokens.push(token);
  return tokens;
}

interface Lexer {
  readonly text: string;
  at: number;
  /** a backslash that counts stands before `at`, perhaps with blanks between; none counts for two tokens */
  isEscaped: boolean;
  opensLine: boolean;
}

function nextToken(lexer: Lexer): Token | undefined {
  const backslash = skipBlanks(lexer);
  const { text, at, opensLine } = lexer;
  const first = text[at];
  if (first === undefined) return undefined;
  lexer.opensLine = false;
  const start = backslash ?? at;
  if (first === '"' || first === '`') return { ...quoted(lexer, first), start, isQuoted: true, opensLine };
  const here = lexer.isEscaped ? undefined : heredoc(lexer);
  if (here !== undefined) return { ...here, start, isQuoted: true, opensLine };
  return { ...bare(lexer), start, isQuoted: false, opensLine };
}

/** Goes to the next token. Returns where a backslash stands that belongs to it. */
function skipBlanks(lexer: Lexer): number | undefined {
  const { text } = lexer;
  let backslash: number | undefined;
  for (let isComment = false; lexer.at < text.length; lexer.at++) {
    const character = text[lexer.at] ?? '';
    if (!lexer.isEscaped && character === '\\') {
      lexer.isEscaped = true;
      backslash = lexer.at;
    } else if (character === '\n') {
      if (!lexer.isEscaped) lexer.opensLine = true;
      lexer.isEscaped = false;
      isComment = false;
    } else if (!isComment && !BLANK.test(character)) {
      if (character !== '#') break;
      isComment = true;
    }
  }
  // Blanks between a backslash and the token stay out of it.
  return lexer.isEscaped && backslash === lexer.at - 1 ? backslash : undefined;
}

function quoted(lexer: Lexer, quote: string): Pick<Token, 'text' | 'end'> {
  const { text } = lexer;
  const open = lexer.at;
  let value = '';
  for (lexer.at++; lexer.at < text.length; lexer.at++) {
    const character = text[lexer.at] ?? '';
    if (quote === '"' && !lexer.isEscaped && character === '\\') {
      lexer.isEscaped = true;
      continue;
    }
    if (lexer.isEscaped) {
      if (character !== '"') value += '\\';
      lexer.isEscaped = false;
    } else if (character === quote) {
      lexer.at++;
      return { text: value, end: lexer.at };
    }
    value += character;
  }
  throw errorAt(text, open, `the quotation ${quote} is never closed`);
}

/** Since Caddy 2.7; earlier versions take it for a word, which no directive of theirs wants. */
function heredoc(lexer: Lexer): Pick<Token, 'text' | 'end'> | undefined {
  const { text, at } = lexer;
  HEREDOC.lastIndex = at;
  const marker = HEREDOC.exec(text)?.[1];
  if (marker === undefined) return undefined;
  const begin = HEREDOC.lastIndex;
  const close = text.indexOf(marker, begin);
  if (close < 0) throw errorAt(text, at, `the heredoc <<${marker} is never ended`);
  lexer.at = close + marker.length;
  return { text: text.slice(begin, close), end: lexer.at };
}

function bare(lexer: Lexer): Pick<Token, 'text' | 'end'> {
  const { text } = lexer;
  let value = '';
  let end = lexer.at;
  while (lexer.at < text.length) {
    const character = text[lexer.at] ?? '';
    if (!lexer.isEscaped && character === '\\') {
      lexer.isEscaped = true;
      lexer.at++;
      continue;
    }
    if (character !== '\r' && BLANK.test(character)) {
      // A backslash before a blank is dropped; before a line end, it makes the line go on.
      if (lexer.isEscaped) lexer.at++;
      break;
    }
    ENVIRONMENT.lastIndex = lexer.at;
    const piece = ENVIRONMENT.exec(text)?.[0] ?? character;
    lexer.at += piece.length;
    if (character === '\r') continue;
    value += (lexer.isEscaped ? '\\' : '') + piece;
    lexer.isEscaped = false;
    end = lexer.at;
  }
  lexer.isEscaped = false;
  return { text: value, end };
}
