import type { ExecInput } from '../contract.ts';

/** More of what sudo says isn't of interest: a lecture, or a PAM module that explains itself. Bytes. */
const longestWords = 64 * 1024;

/**
 * What is said between sudo(8) and us before it starts a command. Both sides of it are on stderr and marked
 * by a nonce: sudo's question for the password (its prompt), and the first word of what it started.
 *
 * The password is sent when it is asked for, and once: whoever sent it along with the rest would hand it to
 * the command where sudo doesn't ask (a cached credential, NOPASSWD), and where it is wrong sudo would take
 * the next lines for further passwords. What the command reads is sent when it has begun.
 */
export class SudoDialog {
  /** what sudo is to ask with; undefined where there is no password, so that it mustn't ask */
  readonly prompt: string | undefined;
  readonly startMark: string;
  /** resolves as soon as sudo has started the command */
  readonly begun: Promise<void>;
  passwordSent = false;
  started = false;
  readonly #password: string | undefined;
  readonly #asked = [gate(), gate()] as const;
  readonly #begin: () => void;
  #text = '';

  constructor(nonce: string, password: string | undefined) {
    this.#password = password;
    this.prompt = password === undefined ? undefined : `sudo-asks-${nonce}:`;
    this.startMark = `sudo-started-${nonce}`;
    const begun = gate();
    this.begun = begun.open;
    this.#begin = begun.set;
  }

  /** All of stderr up to the start. */
  get said(): string {
    const text = this.prompt === undefined ? this.#text : this.#text.replaceAll(this.prompt, '\n');
    return text.replaceAll(this.startMark, '');
  }

  /** Takes what comes on stderr. */
  take(chunk: Buffer): void {
    if (this.started) return;
    this.#text = (this.#text + chunk.toString('latin1')).slice(-longestWords);
    if (this.#text.includes(`${this.startMark}\n`)) {
      this.started = true;
      this.#begin();
    } else if (this.prompt !== undefined) {
      const questions = this.#text.split(this.prompt).length - 1;
      for (const asked of this.#asked.slice(0, questions)) asked.set();
    }
  }

  /** What goes to stdin. */
  async *input(rest: ExecInput): AsyncGenerator<Buffer, void> {
    if (this.prompt !== undefined) {
      const [first, again] = this.#asked;
      if ((await this.#beginOr(first.open)) === 'asked') {
        this.passwordSent = true;
        yield Buffer.from(`${this.#password}\n`);
        // Asked again: it was wrong. The end of stdin is an answer that sudo doesn't count as an attempt.
        if ((await this.#beginOr(again.open)) === 'asked') return;
      }
    }
    if (Buffer.isBuffer(rest)) yield rest;
    else yield* rest;
  }

  /** What comes before the start is sudo's, or a login script's: none of the command's words. */
  afterStart(stderr: Buffer): Buffer {
    const start = stderr.indexOf(`${this.startMark}\n`);
    return start < 0 ? stderr : stderr.subarray(start + this.startMark.length + 1);
  }

  #beginOr(asked: Promise<void>): Promise<'asked' | 'begun'> {
    return Promise.race([
      this.begun.then(() => 'begun' as const),
      asked.then(() => (this.started ? ('begun' as const) : ('asked' as const))),
    ]);
  }
}

function gate(): { readonly open: Promise<void>; readonly set: () => void } {
  let set: () => void = () => {};
  const open = new Promise<void>((resolve) => {
    set = resolve;
  });
  return { open, set };
}
