import { StatusLine } from './status-line.ts';
import { type Picture, StatusTable, type TableTerminal } from './status-table.ts';
import { taskbarSequence } from './taskbar.ts';

export interface StatusAreaOptions {
  readonly unicode: boolean;
  /** the terminal shows in a taskbar or a tab how much is done */
  readonly taskbar: boolean;
}

/** What stands at the bottom of a terminal while something is done: one line, or a picture of several. */
export class StatusArea {
  readonly #terminal: TableTerminal;
  readonly #hasTaskbar: boolean;
  readonly #line: StatusLine;
  readonly #table: StatusTable;
  /** what the taskbar was told; undefined: it shows nothing of ours */
  #told: string | undefined;

  constructor(terminal: TableTerminal, { unicode, taskbar }: StatusAreaOptions) {
    this.#terminal = terminal;
    this.#hasTaskbar = taskbar;
    this.#line = new StatusLine(terminal, { unicode });
    this.#table = new StatusTable(terminal);
  }

  /** undefined takes away whatever there is */
  show(what: string | Picture | undefined): void {
    const picture = typeof what === 'object' ? what : undefined;
    if (picture === undefined) this.#table.show(undefined);
    this.#line.show(typeof what === 'string' ? what : undefined);
    if (picture !== undefined) this.#table.show(picture);
    this.#tellTaskbar(picture);
  }

  /** Makes room for something else, and says whether it had to; what was there comes back below it. */
  erase(): boolean {
    return this.#table.erase() || this.#line.erase();
  }

  /** Writes whole lines above a picture; false: there is no picture. */
  writeAbove(text: string): boolean {
    return this.#table.writeAbove(text);
  }

  #tellTaskbar(picture: Picture | undefined): void {
    if (!this.#hasTaskbar || (picture === undefined && this.#told === undefined)) return;
    const progress = picture && { percent: picture.percent(), hasFailed: picture.hasFailed() };
    const sequence = taskbarSequence(progress);
    if (sequence !== this.#told) this.#terminal.write(sequence);
    this.#told = picture === undefined ? undefined : sequence;
  }
}
