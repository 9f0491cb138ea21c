/**
 * Reads the output of a probe in order, from its first section on. Never reads past its end; throws on
 * malformed output.
 */
export class AnswerReader {
  readonly #bytes: Buffer;
  readonly #mark: Buffer;
  #position: number;

  constructor(bytes: Buffer, nonce: string, firstSection: string) {
    this.#bytes = bytes;
    this.#mark = Buffer.from(`\n${nonce} `);
    // Output of a login script may come before it, even without a line end.
    this.#position = bytes.indexOf(`${nonce} ${firstSection}\n`);
    if (this.#position < 0) throw new Error('the answer has no beginning');
    this.#position += nonce.length + 1;
  }

  /** The name of the section that begins here; the position is then at the section's first byte. */
  section(): string {
    const end = this.#bytes.indexOf('\n', this.#position);
    if (end < 0) throw new Error('the answer ends within the name of a section');
    const name = this.#bytes.toString('utf8', this.#position, end);
    this.#position = end;
    return name;
  }

  /** The bytes up to the name of the next section, without the last line end. */
  body(): Buffer {
    const end = this.#bytes.indexOf(this.#mark, this.#position);
    if (end < 0) throw new Error('the answer ends within a section');
    const body = this.#bytes.subarray(Math.min(this.#position + 1, end), end);
    this.#position = end + this.#mark.length;
    return body;
  }

  lines(): readonly string[] {
    const text = this.body().toString('utf8');
    return text === '' ? [] : text.split('\n');
  }

  /** Exactly `length` bytes, which must be followed by a new section; undefined if they are not. */
  counted(length: number): Buffer | undefined {
    const start = this.#position + 1;
    const end = start + length;
    if (!this.#bytes.subarray(end, end + this.#mark.length).equals(this.#mark)) return undefined;
    this.#position = end + this.#mark.length;
    return this.#bytes.subarray(start, end);
  }
}
