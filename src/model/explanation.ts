/** A place in the manual that speaks of a code. */
export interface Mention {
  /** the page's name, such as `transactions.md` */
  readonly page: string;
  /** the heading above it */
  readonly section: string;
  /** the paragraph, list item or row of a table: plain text in one line */
  readonly text: string;
}

/**
 * What the manual says of a code of an error, or of a status of a host. All texts are plain and in one line.
 */
export interface CodeExplanation {
  readonly code: string;
  /** the page that lists it, and the heading there */
  readonly page: string;
  readonly section: string;
  /** what happened or what it means */
  readonly what: string;
  /** what to do about it; undefined for a status */
  readonly next: string | undefined;
  /** what other pages say of it */
  readonly mentions: readonly Mention[];
}
