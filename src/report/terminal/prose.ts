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

/** A text without line ends and runs of blanks. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** The words of another program: every line kept, indented. */
export function indent(text: string, by: number): readonly string[] {
  return text
    .replace(/\n+$/, '')
    .split('\n')
    .map((line) => (line === '' ? '' : ' '.repeat(by) + line));
}

/** `1 host`, `2 hosts` */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${number} ${number === 1 ? singular : plural}`;
}

/** `a`, `a and b`, `a, b and c` */
export function list(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
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

/** `850 ms`, `12.3 s`, `4 min 05 s` */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}
