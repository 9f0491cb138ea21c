import { widthOf, wrap } from './prose.ts';
import type { Style } from './style.ts';

/** Between two columns. */
const gap = 2;

/** A column narrower than this tells nothing. */
const narrowest = 6;

/**
 * Rows under their titles, in columns as wide as what stands in them. Columns with nothing in them are left
 * out; where a row doesn't fit the terminal, the widest columns get narrower and their texts go on below. The
 * first column is kept whole as long as there is room for it.
 *
 * @param titles as many as each row has texts
 */
export function renderTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  { tableColumns, paint }: Style,
): readonly string[] {
  const used = titles.flatMap((_, index) => (rows.some((row) => row[index] !== '') ? [index] : []));
  const widths = fitting(
    used.map((index) => Math.max(...[titles, ...rows].map((row) => widthOf(row[index] ?? '')))),
    tableColumns,
  );
  const linesOf = (row: readonly string[]) => {
    const cells = used.map((index, position) => broken(row[index] ?? '', widths[position] ?? 0));
    return Array.from({ length: Math.max(1, ...cells.map(({ length }) => length)) }, (_, line) =>
      cells
        .map((cell, position) => padded(cell[line] ?? '', widths[position] ?? 0))
        .join(' '.repeat(gap))
        .trimEnd(),
    );
  };
  return [...linesOf(titles).map((line) => paint.dim(line)), ...rows.flatMap(linesOf)];
}

/** Takes from the widest one, from the first one only where the others are as narrow as they may be. */
function fitting(natural: readonly number[], columns: number): readonly number[] {
  const widths = [...natural];
  const room = columns - gap * (widths.length - 1);
  for (let over = sum(widths) - room; over > 0; over--) {
    const most = Math.max(0, ...widths.slice(1));
    const index = most > narrowest ? widths.lastIndexOf(most) : 0;
    if ((widths[index] ?? 0) <= narrowest) break;
    widths[index] = (widths[index] ?? 0) - 1;
  }
  return widths;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** In lines of that width; a word that is longer than one is cut off. */
function broken(text: string, width: number): readonly string[] {
  return wrap(text, { columns: width, first: '' }).map((line) => cut(line, width));
}

function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  const characters = [...text];
  while (characters.length > 0 && widthOf(characters.join('')) > width - 1) characters.pop();
  return `${characters.join('').trimEnd()}…`;
}
