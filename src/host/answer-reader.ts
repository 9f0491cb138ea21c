/**
 * The output of a probe from its first section on, read in order. Never reads past its end; throws on what
 * isn't as it must be.
 */
export class AnswerReader {
  readonly #bytes: Buffer;
  readonly #mark: Buffer;
  #position: number;

  constructor(bytes: Buffer, nonce: string, firstSection: string) {
    this.#bytes = bytes;
    this.#mark = Buffer.from(`\n${nonce} `);
    // What a login script printed may come before, even without an end of line.
    this.#position = bytes.indexOf(`${nonce} ${firstSection}\n`);
    if (this.#position < 0) throw new Error('the answer has no beginning');
    this.#position += nonce.length + 1;
  }

  /** The name of the section that begins here; the position is then at its first byte. */
  section(): string {
    const end = this.#bytes.indexOf('\n', this.#position);
    if (end < 0) throw new Error('the answer ends within the name of a section');
    const name = this.#bytes.toString('utf8', this.#position, end);
    this.#position = end;
    return name;
  }

  /** The bytes up to the next section's name, without the end of the last line. */
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

  /** Exactly `length` bytes, after which a new section has to begin; undefined where none does. */
  counted(length: number): Buffer | undefined {
    const start = this.#position + 1;
    const end = start + length;
    if (!this.#bytes.subarray(end, end + this.#mark.length).equals(this.#mark)) return undefined;
    this.#position = end + this.#mark.length;
    return this.#bytes.subarray(start, end);
  }
}
