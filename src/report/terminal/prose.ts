/** Stands for a blank at which no line is broken: what somebody is to type stays in one piece. */
export const joined = '\ue000';

/** Where a paragraph stands. */
export interface Paragraph {
  readonly columns: number;
  /** what the first line begins with; the others are indented as deep as it is long */
  readonly first: string;
  /** indentation of the other lines, where it's not the length of `first` */
  readonly hanging?: number | undefined;
}

/**
 * A text in lines that aren't longer than the terminal is wide; a word that is longer stands on a line of its
 * own.
 */
export function wrap(
  text: string,
  { columns, first, hanging = widthOf(first) }: Paragraph,
): readonly string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const candidate = empty ? line + word : `${line} ${word}`;
    if (!empty && widthOf(candidate) > columns) {
      lines.push(line);
      line = ' '.repeat(hanging) + word;
    } else line = candidate;
    empty = false;
  }
  return [...lines, line.trimEnd()];
}

/** The words of another program: every line kept, indented. */
export function indent(text: string, by: number): readonly string[] {
  return text
    .replace(/\n+$/, '')
    .split('\n')
    .map((line) => (line === '' ? '' : ' '.repeat(by) + line));
}

/** Columns on a terminal, near enough: East Asian wide characters and emoji count twice (UAX #11). */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{M}/u.test(character)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u.test(
        character,
      ) && !/[\0-\xff]/.test(character)
        ? 2
        : 1;
  }
  return width;
}

/** A line that would be wider ends in three dots; those are ASCII, as not all terminals have more. */
export function shortened(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let short = '';
  let taken = 0;
  for (const character of text) {
    taken += widthOf(character);
    if (taken > width - 3) break;
    short += character;
  }
  return `${short}...`.slice(0, Math.max(0, width));
}
