/** What a key can hold. A format that knows only text returns strings. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/**
 * A loss-free editor for one file format, or for one kind of thing within it. All three functions are pure;
 * what isn't concerned stays byte for byte. Each throws FormatError where the text can't be read or edited
 * safely, or where the value can't be held. Its laws: what was set is got; setting what is there, and
 * removing what isn't, keep the text.
 */
export interface KeyedFormat {
  /** as hosts' ledgers have it, so it never changes */
  readonly name: string;
  /** the value at `key`, undefined where absent */
  get(text: string, key: readonly string[]): Value | undefined;
  /** text with `key` set to `value`; the same text when it already reads so */
  set(text: string, key: readonly string[], value: Value): string;
  /** text without `key`; the same text when absent */
  remove(text: string, key: readonly string[]): string;
}
