/** Shared by the masks of a line. */

/** The line that many lines below this one; undefined after the last line. */
export type Below = (offset: number) => string | undefined;

/** How many characters of the rest of a line are a value that may be shown under a secret's key. */
export type Shown = (rest: string) => number;

export const nothingShown: Shown = () => 0;

/** What a line is masked with. */
export interface Around {
  readonly below: Below;
  readonly shown: Shown;
}

/** What a line leaves open for the lines that follow. */
export type Open =
  | { readonly kind: 'nothing' }
  /** a secret's value continues on this line (the previous line ended in a backslash) */
  | { readonly kind: 'continued' }
  /** a secret's value continues until this quote is closed */
  | { readonly kind: 'quoted'; readonly quote: string }
  /** everything indented deeper belongs to the secret key: a block scalar, a map or a list */
  | {
      readonly kind: 'nested';
      readonly indentation: number;
      /** whether items of a list belong to it that are indented as the key is (YAML 1.2, 8.2.2) */
      readonly list: boolean;
      readonly shown: 'nothing' | 'keys' | 'plain';
    };

export const nothingOpen: Open = { kind: 'nothing' };

export interface MaskedLine {
  readonly text: string;
  readonly open: Open;
}

/**
 * The offset of the quote that closes a string; a quote is escaped by a backslash or by doubling (`''`). -1
 * if there is none.
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

/** Whether a line begins an item of a YAML list. */
export function isItem(line: string): boolean {
  return /^\s*-(?:\s|$)/.test(line);
}
