import { widthOf } from './prose.ts';

/** What of a terminal is asked and written to. */
export interface LineTerminal {
  /** the width at this moment: a window can be resized */
  readonly columns: number;
  write(text: string): void;
}

/** Milliseconds between two pictures. */
const pace = 80;
const braille = [...'⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'];
const ascii = [...'-\\|/'];

/**
 * One line at the bottom of a terminal that says what is being done, drawn anew until it is taken away. Not
 * by a library: those that are kept well patch the streams they write to, or leave pieces behind when the
 * window becomes narrower.
 */
export class StatusLine {
  readonly #terminal: LineTerminal;
  readonly #pictures: readonly string[];
  #text: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #picture = 0;
  /** columns of what is on the screen; 0: nothing is */
  #drawn = 0;

  constructor(terminal: LineTerminal, { unicode }: { readonly unicode: boolean }) {
    this.#terminal = terminal;
    this.#pictures = unicode ? braille : ascii;
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
    const picture = this.#pictures[this.#picture % this.#pictures.length] ?? '';
    this.#picture += 1;
    const { columns } = this.#terminal;
    // The last column stays free: terminals differ in where the cursor is after it.
    const line = shorten(`${picture} ${this.#text}`, columns - 1);
    // What was typed meanwhile may stand behind it; `\x1b[K` takes that away too (ECMA-48, EL).
    const before = this.#drawn > columns ? this.#erasure() : '\r';
    this.#terminal.write(`${before}${line}\x1b[K`);
    this.#drawn = Math.max(1, widthOf(line));
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

/** A line that is wider than the terminal can't be drawn anew in its place. */
function shorten(line: string, columns: number): string {
  if (widthOf(line) <= columns) return line;
  let short = '';
  for (const character of line) {
    if (widthOf(`${short}${character}`) > columns - 3) break;
    short += character;
  }
  return `${short}...`.slice(0, Math.max(0, columns));
}
