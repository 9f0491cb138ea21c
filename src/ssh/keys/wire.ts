/** Reads the data types of RFC 4251, section 5. Truncated values read as undefined. */
export class WireReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  skip(count: number): void {
    this.#position += count;
  }

  uint32(): number | undefined {
    const start = this.#position;
    if (start + 4 > this.#bytes.length) return undefined;
    this.#position += 4;
    return this.#bytes.readUInt32BE(start);
  }

  string(): Buffer | undefined {
    const length = this.uint32();
    if (length === undefined || this.#position + length > this.#bytes.length) return undefined;
    const start = this.#position;
    this.#position += length;
    return this.#bytes.subarray(start, start + length);
  }

  /** A name-list: ASCII names separated by commas. */
  names(): readonly string[] | undefined {
    const text = this.string()?.toString('latin1');
    return text === undefined ? undefined : text === '' ? [] : text.split(',');
  }
}
