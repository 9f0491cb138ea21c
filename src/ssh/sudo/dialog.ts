import type { ExecInput } from '../contract.ts';

/**
 * Number of bytes from sudo that are of interest; the rest is a lecture, or a PAM module that explains
 * itself.
 */
const longestWords = 64 * 1024;

/**
 * The dialog between sudo(8) and this program before sudo starts a command. Both parts are on stderr and
 * marked by a nonce: sudo's password prompt, and the first word from the command that it started.
 *
 * The password is sent only when sudo asks for it, and only once. Sent together with the rest, it would go to
 * the command if sudo doesn't ask (a cached credential, NOPASSWD), and if it is wrong sudo would take the
 * next lines as further passwords. The command's input is sent once the command has started.
 */
export class SudoDialog {
  /** the prompt for sudo to use; undefined if there is no password, so that sudo must not ask */
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

  /** All of stderr before the start. */
  get said(): string {
    const text = this.prompt === undefined ? this.#text : this.#text.replaceAll(this.prompt, '\n');
    return text.replaceAll(this.startMark, '');
  }

  /** Takes what arrives on stderr. */
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
        // Asked again: the password was wrong. sudo doesn't count the end of stdin as an attempt.
        if ((await this.#beginOr(again.open)) === 'asked') return;
      }
    }
    if (Buffer.isBuffer(rest)) yield rest;
    else yield* rest;
  }

  /** Anything before the start comes from sudo or a login script, not from the command. */
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
