import type { Ora } from 'ora';
import { shortened, widthOf } from './prose.ts';

/** What of a terminal is asked and written to. */
export interface LineTerminal {
  /** the width at this moment: a window can be resized */
  readonly columns: number;
  write(text: string): void;
}

/** Milliseconds between two pictures. */
const pace = 80;

/**
 * One line at the bottom of a terminal that says what is being done, drawn anew until it is taken away. Its
 * frames are ora's; they are written here, because ora's own `start` patches the streams that it writes to,
 * and leaves pieces behind when the window becomes narrower.
 */
export class StatusLine {
  readonly #terminal: LineTerminal;
  readonly #unicode: boolean;
  #spinner: Ora | undefined;
  #loading: Promise<void> | undefined;
  #text: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** columns of what is on the screen; 0: nothing is */
  #drawn = 0;

  constructor(terminal: LineTerminal, { unicode }: { readonly unicode: boolean }) {
    this.#terminal = terminal;
    this.#unicode = unicode;
  }

  /** Shows a text without control characters in it; undefined takes the line away. */
  show(text: string | undefined): void {
    this.#text = text;
    if (text === undefined) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.erase();
      return;
    }
    this.#draw();
    this.#timer ??= setInterval(() => this.#draw(), pace).unref();
  }

  /** Makes room for something else; unless taken away, the line comes back below it. */
  erase(): boolean {
    if (this.#drawn === 0) return false;
    this.#terminal.write(this.#erasure());
    this.#drawn = 0;
    return true;
  }

  #draw(): void {
    if (this.#text === undefined) return;
    if (this.#spinner === undefined) {
      this.#loading ??= this.#load();
      return;
    }
    this.#spinner.text = this.#text;
    const { columns } = this.#terminal;
    // The last column stays free: terminals differ in where the cursor is after it.
    const line = shortened(this.#spinner.frame(), columns - 1);
    // What was typed meanwhile may stand behind it; `\x1b[K` takes that away too (ECMA-48, EL).
    const before = this.#drawn > columns ? this.#erasure() : '\r';
    this.#terminal.write(`${before}${line}\x1b[K`);
    this.#drawn = Math.max(1, widthOf(line));
  }

  /** When it is needed: most commands that need no host end before. */
  async #load(): Promise<void> {
    const { default: ora } = await import('ora');
    const spinner = this.#unicode ? 'dots' : 'line';
    this.#spinner = ora({ spinner, color: false, isEnabled: false, discardStdin: false, hideCursor: false });
    this.#draw();
  }

  /**
   * A line that a narrower window has broken into several is taken away whole, as terminals break it (CUU and
   * ED).
   */
  #erasure(): string {
    const rows = Math.ceil(this.#drawn / Math.max(1, this.#terminal.columns));
    return `\r${rows > 1 ? `\x1b[${rows - 1}A` : ''}\x1b[J`;
  }
}
