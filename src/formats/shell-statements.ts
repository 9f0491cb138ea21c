import { errorAt, linesOf } from './text.ts';

interface Range {
  readonly start: number;
  readonly end: number;
  /** offset after the line end */
  readonly next: number;
}

/**
 * A statement in a file of shell assignments: an assignment, or anything else that isn't blank or a comment.
 */
export type Statement =
  | (Range & {
      readonly kind: 'assignment';
      readonly name: string;
      readonly exported: boolean;
      readonly valueStart: number;
      /** everything after the `=`, quoted as in the file, possibly over several lines */
      readonly raw: string;
      /**
       * whether the line above is a comment that ends in a backslash, which versions of systemd treat
       * differently
       */
      readonly behindOpenComment: boolean;
    })
  | (Range & { readonly kind: 'other'; readonly raw: string });

const ASSIGNMENT = /^[ \t]*(export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=/;

/**
 * The statements of a text in order. Throws FormatError if sh and systemd would end a value on different
 * lines (an apostrophe within an unquoted word opens a quotation for sh, but is a letter for systemd).
 */
export function statementsOf(text: string): Statement[] {
  const statements: Statement[] = [];
  const lines = linesOf(text, { loneCr: false });
  let behindOpenComment = false;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i];
    if (line === undefined) {
      break;
    }
    const content = text.slice(line.start, line.end);
    if (/^[ \t]*(?:[#;]|$)/.test(content)) {
      behindOpenComment = /^[ \t]*[#;].*\\$/.test(content);
      continue;
    }
    const [head, exported, name] = ASSIGNMENT.exec(content) ?? [''];
    const valueStart = line.start + head.length;
    const shell = lastLineOf(text, valueStart, lines, i, tokenInShell(text, valueStart));
    const { last } = shell;
    const { end, next } = lines[last] ?? line;
    const raw = text.slice(valueStart, end);
    if (shell.openAt !== undefined && !(shell.openAt === end - 1 && text[shell.openAt] === '\\')) {
      throw errorAt(text, line.start, 'a quotation that is never closed');
    }
    if (name === undefined) {
      const disputed = disputedLines(text, lines, i, last);
      if (disputed.includes('=')) {
        throw errorAt(text, line.start, 'sh and systemd would read the lines below this one differently');
      }
      statements.push({ kind: 'other', start: line.start, end, next, raw });
    } else {
      const systemd = lastLineOf(text, valueStart, lines, i, tokenInSystemd(text));
      const differs =
        systemd.last !== last || (systemd.openAt === undefined) !== (shell.openAt === undefined);
      if (exported === undefined && differs) {
        throw errorAt(text, line.start, `sh and systemd would end the value of ${name} on different lines`);
      }
      if (raw.includes('\r')) {
        throw errorAt(
          text,
          line.start,
          `the value of ${name} contains a carriage return: systemd ends the line there`,
        );
      }
      statements.push({
        kind: 'assignment',
        start: line.start,
        end,
        next,
        name,
        exported: exported !== undefined,
        valueStart,
        raw,
        behindOpenComment,
      });
    }
    behindOpenComment = false;
    i = last;
  }
  return statements;
}

/**
 * The lines that only one of sh and systemd counts to what starts on line `first`, which isn't an assignment
 * for sh.
 */
function disputedLines(
  text: string,
  lines: ReturnType<typeof linesOf>,
  first: number,
  lastInShell: number,
): string {
  const { start = 0, end = 0 } = lines[first] ?? {};
  const equals = text.slice(start, end).indexOf('=');
  // To systemd, anything before `=` is a name, and a line without `=` is nothing.
  const lastInSystemd =
    equals < 0 ? first : lastLineOf(text, start + equals + 1, lines, first, tokenInSystemd(text)).last;
  const [from, to] = [Math.min(lastInShell, lastInSystemd), Math.max(lastInShell, lastInSystemd)];
  return text.slice(lines[from]?.end, lines[to]?.end);
}

/** Where the token at an offset ends; undefined for one that the text ends within. */
type Token = (offset: number) => number | undefined;

/**
 * The line on which what starts at an offset of line `first` ends. If it never does: the last line of the
 * text, and where it was left open.
 */
function lastLineOf(
  text: string,
  start: number,
  lines: ReturnType<typeof linesOf>,
  first: number,
  token: Token,
): { readonly last: number; readonly openAt: number | undefined } {
  let at = start;
  for (let last = first; ; last++) {
    const end = lines[last]?.end;
    if (end === undefined) {
      return { last: last - 1, openAt: at };
    }
    while (at < end) {
      const next = token(at);
      if (next === undefined || next > text.length) {
        return { last: lines.length - 1, openAt: at };
      }
      if (next > end && last + 1 === lines.length) {
        return { last, openAt: at };
      }
      at = next;
    }
    if (at === end) {
      return { last, openAt: undefined };
    }
  }
}

/** In sh, quotes may be anywhere, and a comment runs to the end of its line. */
function tokenInShell(text: string, start: number): Token {
  const plain = /[^\\'"#\r\n]+/y;
  const comment = /.*/y;
  return (at) => {
    const c = text[at];
    if (c === '\\') return at + 2;
    if (c === "'" || c === '"') return quotationEnd(text, at);
    const found = c !== '#' ? plain : at > start && /[ \t\n]/.test(text[at - 1] ?? '') ? comment : undefined;
    return found === undefined ? at + 1 : endOfMatch(found, text, at);
  };
}

/** In systemd, quotes count only at the start of a value, or right after a quotation. */
function tokenInSystemd(text: string): Token {
  const plain = /[^\\\r\n]+/y;
  let quotes = true;
  return (at) => {
    const c = text[at];
    if (quotes && (c === ' ' || c === '\t')) return at + 1;
    if (quotes && (c === "'" || c === '"')) return quotationEnd(text, at);
    quotes = false;
    return c === '\\' ? at + 2 : endOfMatch(plain, text, at);
  };
}

function endOfMatch(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at + 1;
}

/** Where the quotation that begins at an offset ends; undefined if it is never closed. */
export function quotationEnd(text: string, start: number): number | undefined {
  if (text[start] === "'") {
    const close = text.indexOf("'", start + 1);
    return close === -1 ? undefined : close + 1;
  }
  let at = start + 1;
  while (at < text.length && text[at] !== '"') {
    at += text[at] === '\\' ? 2 : 1;
  }
  return at < text.length ? at + 1 : undefined;
}
