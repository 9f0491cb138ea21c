/** Cuts what follow.sh prints into the lines of the log; what login scripts print before it is passed over. */
export class FollowReader {
  readonly #nonce: string;
  readonly #onLine: (line: string) => void;
  #rest = Buffer.alloc(0);
  #begun = false;
  /** the state with which the host ended the answer; undefined while it hasn't */
  end: string | undefined;

  constructor(nonce: string, onLine: (line: string) => void) {
    this.#nonce = nonce;
    this.#onLine = onLine;
  }

  readonly take = (chunk: Buffer): void => {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const at = this.#rest.indexOf(10);
      if (at < 0) return;
      const line = this.#rest.toString('utf8', 0, at);
      this.#rest = this.#rest.subarray(at + 1);
      this.#line(line);
    }
  };

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
