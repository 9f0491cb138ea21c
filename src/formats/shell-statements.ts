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
    let last = i;
    while (isOpen(text.slice(valueStart, lines[last]?.end), inShell) && last + 1 < lines.length) {
      last++;
    }
    const { end, next } = lines[last] ?? line;
    const raw = text.slice(valueStart, end);
    if (isOpen(raw.replace(/\\$/, ''), inShell)) {
      throw errorAt(text, line.start, 'a quotation that is never closed');
    }
    if (name === undefined) {
      const disputed = disputedLines(text, lines, i, last);
      if (disputed.includes('=')) {
        throw errorAt(text, line.start, 'sh and systemd would read the lines below this one differently');
      }
      statements.push({ kind: 'other', start: line.start, end, next, raw });
    } else {
      if (
        exported === undefined &&
        (lastLineInSystemd(text, valueStart, lines, i) !== last ||
          isOpen(raw, inShell) !== isOpen(raw, inSystemd))
      ) {
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
  const lastInSystemd = equals < 0 ? first : lastLineInSystemd(text, start + equals + 1, lines, first);
  const [from, to] = [Math.min(lastInShell, lastInSystemd), Math.max(lastInShell, lastInSystemd)];
  return text.slice(lines[from]?.end, lines[to]?.end);
}

function lastLineInSystemd(
  text: string,
  valueStart: number,
  lines: ReturnType<typeof linesOf>,
  first: number,
): number {
  let last = first;
  while (isOpen(text.slice(valueStart, lines[last]?.end), inSystemd) && last + 1 < lines.length) {
    last++;
  }
  return last;
}

/** Matches as much of a value as is closed. In sh, quotes may be anywhere, and a comment runs to the end. */
const inShell = /^(?:\\[\s\S]|'[^']*'|"(?:\\[\s\S]|[^"\\])*"|(?<![ \t\n])#|(?<=[ \t\n])#.*|[^\\'"#])*/;
/** In systemd, quotes count only at the start of a value, or right after a quotation. */
const inSystemd =
  /^(?:[ \t]*(?:'[^']*'|"(?:\\[\s\S]|[^"\\])*"))*(?:[ \t]*(?:\\[\s\S]|[^ \t'"\\])(?:\\[\s\S]|[^\\])*)?[ \t]*/;

function isOpen(raw: string, closed: RegExp): boolean {
  return (closed.exec(raw)?.[0].length ?? 0) < raw.length;
}
