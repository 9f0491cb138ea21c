import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Outlet } from './outlet.ts';
import { writeWhole } from './write-whole.ts';

/** So much waits for a slow reader at most, beside one line; bytes. */
const mostWaiting = 64 * 1024 * 1024;
/** So long is a reader waited for at the end; milliseconds. */
const patience = 2_000;

/** What `--events` names. */
export type Target =
  | { readonly kind: 'stdout' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'descriptor'; readonly number: number };

/** `FILE`, `-` or `fd:N`; undefined where it is none of them. */
export function parseTarget(text: string): Target | undefined {
  if (text === '-' || text === 'fd:1') return { kind: 'stdout' };
  if (text === '') return undefined;
  if (!text.startsWith('fd:')) return { kind: 'file', path: text };
  return /^fd:\d{1,6}$/.test(text) && text !== 'fd:0'
    ? { kind: 'descriptor', number: Number(text.slice(3)) }
    : undefined;
}

/** Opens a file, a named pipe or a descriptor that was inherited. Throws the system's error. */
export function openTarget(target: Exclude<Target, { kind: 'stdout' }>): Outlet {
  if (target.kind === 'descriptor') {
    const where = `file descriptor ${target.number}`;
    return outletOf(ownDescription(target.number), where);
  }
  // A named pipe that nobody reads would never let us go on.
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NONBLOCK;
  return outletOf(openSync(target.path, flags, 0o600), target.path);
}

/** Standard output where that is a pipe; else undefined: then it takes lines as it takes all results. */
export function openPipedStdout(): Outlet | undefined {
  const file = fstatSync(1).isFIFO() ? ownDescription(1) : 1;
  return file === 1 ? undefined : outletOf(file, 'standard output');
}

/** Whoever else has a pipe must not find it changed to one that doesn't wait (O_NONBLOCK, open(2)). */
function ownDescription(file: number): number {
  if (!fstatSync(file).isFIFO()) return file;
  try {
    return openSync(`/dev/fd/${file}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return file;
  }
}

function outletOf(file: number, where: string): Outlet {
  const found = fstatSync(file);
  return found.isFIFO() || found.isSocket() ? new PipeOutlet(file, where) : new FileOutlet(file, where);
}

class FileOutlet implements Outlet {
  readonly where: string;
  readonly #file: number;

  constructor(file: number, where: string) {
    this.#file = file;
    this.where = where;
  }

  write(line: string): void {
    writeWhole(this.#file, line);
  }

  close(): Promise<void> {
    if (this.#file > 2) closeSync(this.#file);
    return Promise.resolve();
  }
}

/** Lines wait here for a reader that is slow, and the run doesn't. */
class PipeOutlet implements Outlet {
  readonly where: string;
  readonly #socket: Socket;
  #error: Error | undefined;

  constructor(file: number, where: string) {
    this.where = where;
    this.#socket = new Socket({ fd: file, readable: false, writable: true });
    this.#socket.on('error', (error) => {
      this.#error = error;
    });
  }

  write(line: string): void {
    if (this.#error !== undefined) throw this.#error;
    if (this.#socket.writableLength > mostWaiting) {
      this.#socket.destroy();
      throw new Error('its reader is too slow');
    }
    this.#socket.write(line);
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, patience);
      socket.once('close', () => {
        clearTimeout(late);
        resolve();
      });
      socket.end(() => socket.destroy());
    });
    socket.destroy();
  }
}
