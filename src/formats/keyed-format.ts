/** What a key can hold. A format that only has text returns strings. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/**
 * A lossless editor for one file format, or for one kind of thing within it. All three functions are pure;
 * everything else stays the same byte for byte. Each throws FormatError if the text can't be read or edited
 * safely, or if the format can't hold the value. Its laws: `get` returns what was `set`; setting the existing
 * value, or removing an absent key, leaves the text unchanged.
 */
export interface KeyedFormat {
  /** stored in hosts' ledgers, so it must never change */
  readonly name: string;
  /** the value at `key`; undefined if absent */
  get(text: string, key: readonly string[]): Value | undefined;
  /** the text with `key` set to `value`; the same text if that is already its value */
  set(text: string, key: readonly string[], value: Value): string;
  /** the text without `key`; the same text if it is absent */
  remove(text: string, key: readonly string[]): string;
  /**
   * everything else that readers get from the text, in a form to be compared: what an edit for this key must
   * not change. The order of keys doesn't count, nor do maps that hold nothing.
   */
  rest?(text: string, key: readonly string[]): Value;
  /** the node whose pages people reach by what stands at `key`; undefined: that is something else */
  locationsOf?(key: readonly string[]): string | undefined;
}
