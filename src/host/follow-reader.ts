/** No log line is nearly as long; any further bytes of a line are dropped. */
const longestLine = 256 * 1024;

/** Splits the output of follow.sh into log lines and skips the output of login scripts. */
export class FollowReader {
  readonly #nonce: string;
  readonly #onLine: (line: string) => void;
  #rest = Buffer.alloc(0);
  #begun = false;
  /** the state with which the host ended the answer; undefined until then */
  end: string | undefined;

  constructor(nonce: string, onLine: (line: string) => void) {
    this.#nonce = nonce;
    this.#onLine = onLine;
  }

  readonly take = (chunk: Buffer): void => {
    let start = 0;
    for (;;) {
      const at = chunk.indexOf(10, start);
      this.#keep(chunk.subarray(start, at < 0 ? chunk.length : at));
      if (at < 0) return;
      const line = this.#rest.toString('utf8');
      this.#rest = Buffer.alloc(0);
      start = at + 1;
      this.#line(line);
    }
  };

  #keep(part: Buffer): void {
    const room = longestLine - this.#rest.length;
    if (room > 0 && part.length > 0) this.#rest = Buffer.concat([this.#rest, part.subarray(0, room)]);
  }

  #line(line: string): void {
    if (!this.#begun) {
      this.#begun = line.endsWith(`${this.#nonce} begin`);
    } else if (line.startsWith(`${this.#nonce} end `)) {
      this.end ??= line.slice(this.#nonce.length + 5);
    } else if (line !== 'alive' && this.end === undefined) {
      this.#onLine(line);
    }
  }
}
