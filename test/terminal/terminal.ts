import { execFileSync } from 'node:child_process';
import { spawn } from '@lydell/node-pty';
import { default as xterm } from '@xterm/headless';
import { main } from '../cli/program.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export const usual: Size = { columns: 80, rows: 24 };
export const wide: Size = { columns: 200, rows: 50 };

export interface TerminalOptions {
  readonly size?: Size;
  readonly cwd?: string;
  /** beside those that every terminal has; undefined takes one away */
  readonly variables?: Readonly<Record<string, string | undefined>>;
}

/** A program on a pseudo-terminal, and what a person in front of it sees. */
export interface Terminal {
  /** the lines of the screen, without blanks at their ends */
  screen(): Promise<readonly string[]>;
  /**
   * the same with all that has scrolled off the top; lines that were wrapped by the terminal are one again
   */
  everything(): Promise<readonly string[]>;
  /** waits until a text stands anywhere, on the screen or above it */
  shows(text: string | RegExp): Promise<void>;
  type(keys: string): void;
  resize(size: Size): void;
  kill(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void;
  /** how it ended, as a shell knows it: the exit status, or 128 and the number of the signal */
  ended(): Promise<number>;
  /** of the program */
  pid(): Promise<number>;
  /** all bytes that it wrote, as they came */
  readonly written: string;
  close(): void;
}

/** The built program; see buildProgram. */
export function clusterproxyOn(argv: readonly string[], options: TerminalOptions = {}): Terminal {
  return openTerminal(process.execPath, [main, ...argv], options);
}

/** All that run: a test that failed must not leave any. */
const open = new Set<Terminal>();

export function closeTerminals(): void {
  for (const terminal of open) terminal.close();
}

/**
 * A shell starts the program, says which process it is and how it ended, and keeps the terminal open
 * meanwhile: what the program wrote last would be lost with a terminal that closes before all of it was read.
 * Its words are OSC sequences of their own, in line with the program's, and no part of the screen.
 */
const shell = `
trap : INT
sh -c 'printf "\\033]7777;pid %s\\007" "$$"; exec "$@"' sh "$@"
printf '\\033]7777;ended %s\\007' "$?"
exec sleep 600
`;
const ours = 7777;
const theirs = /\x1b\]7777;[^\x07]*\x07/g;

export function openTerminal(
  program: string,
  argv: readonly string[],
  { size = usual, cwd = '/', variables = {} }: TerminalOptions = {},
): Terminal {
  const { columns: cols, rows } = size;
  const TERM = 'xterm-256color';
  // What waits for keys comes with the tests that press them.
  const usually = { HOME: '/nonexistent', LANG: 'C.UTF-8', TERM, PAGER: 'cat' };
  const all = { PATH: process.env.PATH, ...usually, ...variables };
  const env = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  const child = spawn('/bin/sh', ['-c', shell, 'sh', program, ...argv], {
    ...{ name: all.TERM, cols, rows, cwd, env },
  });
  const model = new xterm.Terminal({ cols, rows, scrollback: 20_000, allowProposedApi: true });
  const waiting = new Set<() => void>();
  let written = '';
  let pid = 0;
  let status: number | undefined;
  let drawn: Promise<void> = Promise.resolve();
  const lookAgain = () => {
    for (const look of waiting) look();
  };
  model.parser.registerOscHandler(ours, (text) => {
    const [word, number] = text.split(' ');
    if (word === 'pid') pid = Number(number);
    else status = Number(number);
    return true;
  });
  child.onData((text) => {
    written += text;
    drawn = new Promise((resolve) => {
      model.write(text, () => {
        resolve();
        lookAgain();
      });
    });
  });
  child.onExit(() => {
    status ??= -1;
    open.delete(terminal);
    void drawn.then(lookAgain);
  });
  const lines = (from: number): string[] => {
    const { active } = model.buffer;
    const found: string[] = [];
    for (let row = from; row < active.length; row += 1) {
      const line = active.getLine(row);
      const text = line?.translateToString(true) ?? '';
      if (from === 0 && line?.isWrapped && found.length > 0) found.push(`${found.pop()}${text}`);
      else found.push(text);
    }
    const trimmed = found.map((line) => line.trimEnd());
    while (trimmed.at(-1) === '') trimmed.pop();
    return trimmed;
  };
  /** Waits until there is something. */
  const until = <Found>(find: () => Found | undefined): Promise<Found> =>
    new Promise((resolve, reject) => {
      const look = () => {
        try {
          const found = find();
          if (found === undefined) return;
          resolve(found);
        } catch (error) {
          reject(error);
        }
        waiting.delete(look);
      };
      waiting.add(look);
      look();
    });
  const terminal: Terminal = {
    get written() {
      return written.replace(theirs, '');
    },
    screen: async () => {
      await drawn;
      return lines(model.buffer.active.baseY);
    },
    everything: async () => {
      await drawn;
      return lines(0);
    },
    shows: (text) =>
      until(() => {
        const all = lines(0).join('\n');
        if (typeof text === 'string' ? all.includes(text) : text.test(all)) return true;
        if (status !== undefined) throw new Error(`it ended without showing ${text}:\n${all}`);
        return undefined;
      }).then(() => undefined),
    type: (keys) => child.write(keys),
    resize: (to) => {
      // The window is broken anew first, then the program hears of it.
      model.resize(to.columns, to.rows);
      child.resize(to.columns, to.rows);
    },
    pid: () => until(() => pid || undefined),
    kill: (signal) => process.kill(pid, signal),
    ended: () => until(() => status),
    close: () => {
      if (status === undefined && pid !== 0) process.kill(pid, 'SIGKILL');
      child.kill('SIGKILL');
    },
  };
  open.add(terminal);
  return terminal;
}

/** Whether this machine has a program. */
export function isThere(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`]);
    return true;
  } catch {
    return false;
  }
}
