/** What the masks of a line have in common. */

/** The line that many lines below this one; undefined behind the last. */
export type Below = (offset: number) => string | undefined;

/** What a line leaves open for the lines after it. */
export type Open =
  | { readonly kind: 'nothing' }
  /** a secret's value goes on in this line (backslash at the end of the line before) */
  | { readonly kind: 'continued' }
  /** until the quote is closed */
  | { readonly kind: 'quoted'; readonly quote: string }
  /** all that is indented deeper belongs to the secret key: a block scalar, a map or a list */
  | { readonly kind: 'nested'; readonly indentation: number; readonly shown: 'nothing' | 'keys' | 'plain' };

export const nothingOpen: Open = { kind: 'nothing' };

export interface MaskedLine {
  readonly text: string;
  readonly open: Open;
}

/**
 * The offset of the quote that closes a string; a quote is escaped by a backslash or, `''`, by doubling. -1:
 * none.
 */
export function closingQuote(line: string, from: number, quote: string): number {
  for (let index = from; index < line.length; index++) {
    if (line[index] === '\\' && quote === '"') index++;
    else if (line[index] === quote) {
      if (quote === "'" && line[index + 1] === "'") index++;
      else return index;
    }
  }
  return -1;
}

export function endsInBackslash(line: string): boolean {
  return (/\\+$/.exec(line)?.[0].length ?? 0) % 2 === 1;
}

export function indentationOf(line: string): number {
  return line.search(/\S|$/);
}
