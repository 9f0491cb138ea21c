import type { HiddenTexts } from '../model/transaction.ts';
import { hidden } from './hidden.ts';
import { base64Parts, writingPattern } from './writings.ts';

/**
 * The secrets of one run, by value. All output of the program goes through `mask`; for anything compared,
 * saved or recorded, `isIn` tells whether it must be treated as a secret. Values can be added during the run.
 */
export class SecretRegister {
  readonly #values = new Set<string>();
  #pattern: RegExp | undefined;

  /** Empty texts and blanks contain no secret. */
  add(value: string): void {
    if (value.trim() === '' || this.#values.has(value)) return;
    this.#values.add(value);
    this.#pattern = undefined;
  }

  get values(): readonly string[] {
    return [...this.#values];
  }

  get size(): number {
    return this.#values.size;
  }

  /** Whether one of the secrets occurs in the text, in any writing. */
  isIn(text: string): boolean {
    return this.#values.size > 0 && text.search(this.#expression()) !== -1;
  }

  /**
   * The text without the secrets. The number of lines stays the same, unless a secret containing blanks was
   * wrapped.
   */
  mask(text: string): string {
    return this.#values.size === 0 ? text : text.replace(this.#expression(), hidden);
  }

  /**
   * Plain data with every text in it masked; `text` masks a whole text. Anything that isn't plain data stays
   * as it is.
   */
  maskAll<Data>(data: Data): Data {
    return this.#values.size === 0 ? data : (this.#masked(data) as Data);
  }

  /** How the secrets are written in these texts, each writing once, for a program that can only compare. */
  writingsIn(texts: Iterable<string>): readonly string[] {
    const found = new Set<string>();
    if (this.#values.size === 0) return [];
    for (const text of texts) for (const [writing] of text.matchAll(this.#expression())) found.add(writing);
    return [...found];
  }

  /** How the secrets may be written in the messages of programs that read these texts. */
  likelyWritings(texts: Iterable<string>): HiddenTexts {
    const usual = [...this.#values].flatMap((value) => [
      value,
      JSON.stringify(value).slice(1, -1),
      encodeURIComponent(value),
      Buffer.from(value).toString('hex'),
    ]);
    return {
      texts: [...new Set([...this.writingsIn(texts), ...usual])],
      base64: [...this.#values].flatMap(base64Parts),
    };
  }

  #masked(data: unknown): unknown {
    if (typeof data === 'string') return this.mask(data);
    if (typeof data !== 'object' || data === null) return data;
    if (Array.isArray(data)) return data.map((item) => this.#masked(item));
    if (data instanceof Map) return new Map([...data].map(([key, item]) => [key, this.#masked(item)]));
    const prototype: unknown = Object.getPrototypeOf(data);
    if (prototype !== Object.prototype && prototype !== null) return data;
    return Object.fromEntries(Object.entries(data).map(([key, item]) => [key, this.#masked(item)]));
  }

  #expression(): RegExp {
    // Longest first, since one secret may be the beginning of another.
    const values = [...this.#values].sort((one, other) => other.length - one.length);
    this.#pattern ??= new RegExp(values.map(writingPattern).join('|'), 'gu');
    return this.#pattern;
  }
}
