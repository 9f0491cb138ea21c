import { Chalk, type ChalkInstance } from 'chalk';

/** How a report is to look. */
export interface Style {
  /** width that prose is wrapped to; lines of diffs never are */
  readonly columns: number;
  /** of the whole terminal: a table is read row by row, however wide it is */
  readonly tableColumns: number;
  /** of a sentence that is one line for a program: without end where there is no terminal */
  readonly sentenceColumns: number;
  readonly paint: ChalkInstance;
  /** more than most readers want: checks of handlers, stacks of unexpected errors */
  readonly verbose: boolean;
  /** of a plan the table and what is special, but not the changes themselves */
  readonly summary: boolean;
}

export interface StyleOptions {
  /** undefined where the stream is no terminal */
  readonly columns: number | undefined;
  readonly color: boolean;
  readonly verbose: boolean;
  readonly summary?: boolean | undefined;
}

/** A width that people read without losing the line. */
const widest = 100;
const usual = 80;
const narrowest = 20;

/** Whether a text is coloured, by what the command line says and what the way to its reader takes. */
export function isColored(
  color: boolean | 'always',
  { takesColor }: { readonly takesColor: boolean },
): boolean {
  return color === 'always' || (color && takesColor);
}

export function makeStyle({ columns, color, verbose, summary = false }: StyleOptions): Style {
  const width = columns === undefined || columns <= 0 ? usual : columns;
  return {
    columns: Math.max(narrowest, Math.min(width, widest)),
    tableColumns: Math.max(narrowest, width),
    sentenceColumns: columns === undefined ? Number.POSITIVE_INFINITY : Math.max(narrowest, width),
    paint: new Chalk({ level: color ? 1 : 0 }),
    verbose,
    summary,
  };
}
