import { errorAt, isEscaped, type Line, linesOf } from '../text.ts';

interface Range {
  readonly start: number;
  readonly end: number;
  /** offset after the line end */
  readonly next: number;
}

/** `Key=value` in a unit file, spanning all its lines. */
export interface Assignment extends Range {
  readonly key: string;
  /** the value as joined by systemd, with a blank for each backslash and line end */
  readonly value: string;
  /** the offset in the text of each character of `value`, plus one more for its end */
  readonly offsets: readonly number[];
  /** whether there are comment lines between its lines */
  readonly commented: boolean;
}

/** A `[Section]` header with the assignments below it. */
export interface Section extends Range {
  readonly name: string;
  readonly assignments: readonly Assignment[];
  /** whether there is anything but blank lines and assignments below it */
  readonly hasOther: boolean;
}

/**
 * The sections of a unit file, in order; a name may occur again. Lines are as in systemd.syntax(7): `#` and
 * `;` start comments, even between the lines of one value; a backslash at the end of a line joins the next
 * line. FormatError for a header that isn't closed, which makes systemd refuse the file.
 */
export function sectionsOf(text: string): Section[] {
  const sections: (Section & { assignments: Assignment[]; hasOther: boolean })[] = [];
  const lines = linesOf(text);
  for (let i = 0; i < lines.length; i++) {
    const first = lines[i];
    if (first === undefined) {
      break;
    }
    const content = text.slice(first.start, first.end).trim();
    const current = sections.at(-1);
    if (content === '') {
      continue;
    }
    if (content.startsWith('#') || content.startsWith(';')) {
      if (current !== undefined) {
        current.hasOther = true;
      }
      continue;
    }
    const parts: string[] = [];
    const joined: Line[] = [];
    let commented = false;
    let last = first;
    for (;;) {
      const part = text.slice(last.start, last.end);
      joined.push(last);
      if (!isEscaped(part, part.length)) {
        parts.push(part);
        break;
      }
      parts.push(`${part.slice(0, -1)} `);
      let following = lines[++i];
      while (following !== undefined && /^\s*[#;]/.test(text.slice(following.start, following.end))) {
        commented = true;
        following = lines[++i];
      }
      if (following === undefined) {
        break;
      }
      last = following;
    }
    const logical = parts.join('');
    const range = { start: first.start, end: last.end, next: last.next };
    if (logical.trimStart().startsWith('[')) {
      const header = /^\uFEFF?\s*\[([^\]]*)\]\s*$/.exec(logical)?.[1];
      if (header === undefined) {
        throw errorAt(
          text,
          first.start,
          `${logical.trim()} is not a section header: systemd refuses the file`,
        );
      }
      sections.push({ ...range, name: header, assignments: [], hasOther: false });
      continue;
    }
    const equals = logical.indexOf('=');
    if (current !== undefined && equals > 0) {
      const behind = logical.slice(equals + 1);
      const from = equals + 1 + (behind.length - behind.trimStart().length);
      const to = Math.max(from, logical.trimEnd().length);
      current.assignments.push({
        ...range,
        key: logical.slice(0, equals).trim(),
        value: logical.slice(from, to),
        commented,
        get offsets() {
          return offsetsOf(joined, from, to);
        },
      });
    } else if (current !== undefined) {
      current.hasOther = true;
    }
  }
  return sections;
}

/** The offsets of the characters from `from` to `to` of lines that are joined, and that of their end. */
function offsetsOf(lines: readonly Line[], from: number, to: number): readonly number[] {
  const offsets: number[] = [];
  for (const { start, end } of lines) {
    for (let at = start; at < end; at++) offsets.push(at);
  }
  const value = offsets.slice(from, to);
  const last = value.at(-1);
  value.push(last === undefined ? (lines.at(-1)?.end ?? 0) : last + 1);
  return value;
}
