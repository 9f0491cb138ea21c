import { errorAt, linesOf } from '../text.ts';

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
    const content = text.slice(first.start, first.end).replace(/^\uFEFF/, '');
    const current = sections.at(-1);
    if (/^\s*$/.test(content)) {
      continue;
    }
    if (/^\s*[#;]/.test(content)) {
      if (current !== undefined) {
        current.hasOther = true;
      }
      continue;
    }
    const logical = { text: '', offsets: [] as number[], commented: false };
    let last = first;
    for (;;) {
      for (let at = last.start; at < last.end; at++) {
        logical.text += text[at];
        logical.offsets.push(at);
      }
      const open = (/\\+$/.exec(logical.text)?.[0].length ?? 0) % 2 === 1;
      if (!open) {
        break;
      }
      logical.text = `${logical.text.slice(0, -1)} `;
      let following = lines[++i];
      while (following !== undefined && /^\s*[#;]/.test(text.slice(following.start, following.end))) {
        logical.commented = true;
        following = lines[++i];
      }
      if (following === undefined) {
        break;
      }
      last = following;
    }
    const range = { start: first.start, end: last.end, next: last.next };
    const header = /^\uFEFF?\s*\[([^\]]*)\]\s*$/.exec(logical.text)?.[1];
    if (header === undefined && /^\uFEFF?\s*\[/.test(logical.text)) {
      throw errorAt(
        text,
        first.start,
        `${logical.text.trim()} is not a section header: systemd refuses the file`,
      );
    }
    const equals = logical.text.indexOf('=');
    if (header !== undefined) {
      sections.push({ ...range, name: header, assignments: [], hasOther: false });
    } else if (current !== undefined && equals > 0) {
      const behind = logical.text.slice(equals + 1);
      const from = equals + 1 + (behind.length - behind.trimStart().length);
      const to = Math.max(from, logical.text.trimEnd().length);
      current.assignments.push({
        ...range,
        key: logical.text.slice(0, equals).trim(),
        value: logical.text.slice(from, to),
        offsets: [
          ...logical.offsets.slice(from, to),
          to > from ? (logical.offsets[to - 1] ?? last.end) + 1 : last.end,
        ],
        commented: logical.commented,
      });
    } else if (current !== undefined) {
      current.hasOther = true;
    }
  }
  return sections;
}
