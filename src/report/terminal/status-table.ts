import type { createLogUpdate } from 'log-update';
import { widthOf } from './prose.ts';
import type { LineTerminal } from './status-line.ts';

/** What of a terminal is asked and written to, for a picture of several lines. */
export interface TableTerminal extends LineTerminal {
  /** the height at this moment */
  readonly rows: number;
}

/** What is to be seen, made anew for each size that a window gets. */
export interface Picture {
  /** Lines without control characters, narrower than `columns` and fewer than `rows`. */
  readonly lines: (size: Pick<TableTerminal, 'columns' | 'rows'>) => readonly string[];
  /** for a taskbar, which knows no more than this; 0 to 100 */
  readonly percent: () => number;
  readonly hasFailed: () => boolean;
}

/** Milliseconds between two looks at whether the picture has changed. */
const pace = 150;
/** The terminal shows what is between them at once; one that knows nothing of it ignores them. */
const [together, andShown] = ['\x1b[?2026h', '\x1b[?2026l'];

/**
 * Several lines at the bottom of a terminal, of which those that have changed are drawn anew, in one write,
 * however often they were told of. Which ones that are is log-update's part; it is written here, as with
 * StatusLine, because other words come between two pictures, and because a window that has become narrower
 * has broken the lines that stand in it. The cursor is never hidden: nobody has to bring it back.
 */
export class StatusTable {
  readonly #terminal: TableTerminal;
  #update: ReturnType<typeof createLogUpdate> | undefined;
  #loading: Promise<void> | undefined;
  /** what log-update would write */
  #patch = '';
  #picture: Picture | undefined;
  #timer: NodeJS.Timeout | undefined;
  #drawn: readonly string[] = [];
  #columns = 0;

  constructor(terminal: TableTerminal) {
    this.#terminal = terminal;
  }

  /** undefined takes it away */
  show(picture: Picture | undefined): void {
    this.#picture = picture;
    if (picture === undefined) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.erase();
    } else if (this.#timer === undefined) {
      this.#timer = setInterval(() => this.#draw(), pace).unref();
      this.#draw();
    }
  }

  /** Makes room for something else; unless taken away, the picture comes back below it. */
  erase(): boolean {
    if (this.#drawn.length === 0) return false;
    this.#terminal.write(this.#erasure());
    return true;
  }

  /** Writes whole lines above the picture without taking it away in between; false: there is none. */
  writeAbove(text: string): boolean {
    if (this.#drawn.length === 0 || !text.endsWith('\n')) return false;
    this.#draw(`${this.#erasure()}${text}`);
    return true;
  }

  #draw(before = ''): void {
    if (this.#update === undefined) {
      this.#loading ??= this.#load();
      return;
    }
    const { columns, rows } = this.#terminal;
    const lines = this.#picture?.lines({ columns, rows }) ?? [];
    // log-update's own way from one picture to another of a different height leaves lines behind.
    const isAnew = lines.length !== this.#drawn.length || columns !== this.#columns;
    const erasure = isAnew && this.#drawn.length > 0 ? this.#erasure() : '';
    this.#patch = '';
    if (lines.length > 0) this.#update(lines.join('\n'));
    this.#drawn = lines;
    this.#columns = columns;
    const text = `${before}${erasure}${this.#patch}`;
    if (text !== '') this.#terminal.write(`${together}${text}${andShown}`);
  }

  /** When it is needed: most commands that change nothing end before. */
  async #load(): Promise<void> {
    const { createLogUpdate } = await import('log-update');
    const terminal = this.#terminal;
    const stream = {
      get columns() {
        return terminal.columns;
      },
      get rows() {
        return terminal.rows;
      },
      write: (patch: string) => {
        this.#patch += patch;
        return true;
      },
    };
    this.#update = createLogUpdate(stream as NodeJS.WriteStream, { showCursor: true });
    this.#draw();
  }

  /**
   * Lines that a narrower window has broken are taken away whole, as terminals break them (CUU and ED). With
   * them goes what was typed meanwhile.
   */
  #erasure(): string {
    const columns = Math.max(1, this.#terminal.columns);
    const rows = this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
    this.#drawn = [];
    this.#update?.done();
    return `\r\x1b[${rows}A\x1b[J`;
  }
}
