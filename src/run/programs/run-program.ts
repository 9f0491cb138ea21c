import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { reasonOf } from '../../document/reason.ts';
import type { OwnProgram, ProgramEnd } from '../../model/own-program.ts';

export interface ProgramOptions {
  readonly signal: AbortSignal;
  /** what it finds in its environment besides ours */
  readonly variables: Readonly<Record<string, string>>;
  /** variables that it doesn't find there: secrets that are none of its business */
  readonly withheld?: readonly string[] | undefined;
  /** how long it may take; milliseconds */
  readonly limit?: number | undefined;
}

/** In milliseconds; enough for one that asks a service. */
export const usualLimit = 30_000;
/** What is read of its answer, and of its complaints; characters. */
const most = 1_000_000;

/** The groups of those that run at this moment, by the process that leads each. */
const groups = new Set<number>();

/**
 * Runs a program of the operator's, with a text on its standard input. It never throws. All of it is ended
 * when it takes too long or says too much, when `signal` aborts, and when we end.
 */
export function runProgram(
  { words, folder }: OwnProgram,
  input: string,
  { signal, variables, withheld = [], limit = usualLimit }: ProgramOptions,
): Promise<ProgramEnd> {
  const [first = '', ...args] = words;
  const program = first.includes('/') ? resolve(folder, first) : first;
  const texts = { stdout: '', stderr: '' };
  if (signal.aborted) return Promise.resolve({ why: 'interrupted', stdout: '', stderr: '' });
  return new Promise<ProgramEnd>((end) => {
    const child = spawn(program, args, {
      cwd: folder,
      env: { ...environmentWithout(withheld), ...variables },
      // A group of its own, so that all of it can be ended, and none of it gets the operator's Ctrl-C.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let why: string | undefined;
    let isLate = false;
    const { pid } = child;
    const forget = pid === undefined ? () => undefined : remembered(pid);
    const stop = (reason: string) => {
      why ??= reason;
      if (pid !== undefined) endGroup(pid);
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const late = setTimeout(() => {
      isLate = why === undefined;
      stop(`it took longer than ${limit / 1_000} s`);
    }, limit);
    const interrupted = () => stop('interrupted');
    signal.addEventListener('abort', interrupted, { once: true });
    const done = (reason: string | undefined) => {
      clearTimeout(late);
      signal.removeEventListener('abort', interrupted);
      forget();
      end({ why: why ?? reason, ...texts, ...(isLate ? { isLate } : {}) });
    };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        texts[name] += text;
        if (texts[name].length > most) stop('it printed more than a megabyte');
      });
    }
    child.on('error', (error) => done(notStarted(error, first)));
    child.on('close', (status, killed) => {
      done(
        status === 0
          ? undefined
          : killed === null
            ? `it exited with ${status}`
            : `it was killed by ${killed}`,
      );
    });
    // One that decides without reading the plan has closed it.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  }).catch((error: unknown) => ({ why: notStarted(error, first), stdout: '', stderr: '' }));
}

function environmentWithout(withheld: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !withheld.includes(name)));
}

function endGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** Has a group ended with us, should it still run then; returns what makes an end of that. */
function remembered(leader: number): () => void {
  groups.add(leader);
  if (groups.size === 1) process.on('exit', endGroups);
  return () => {
    groups.delete(leader);
    if (groups.size === 0) process.removeListener('exit', endGroups);
  };
}

function endGroups(): void {
  for (const leader of groups) endGroup(leader);
}

/**
 * Why, with what is usually to be done about it. Not all of it comes as an event: of an empty name, or
 * one below a file, `spawn` itself throws.
 */
function notStarted(error: unknown, word: string): string {
  const { code } = error as NodeJS.ErrnoException;
  const why =
    code === 'ENOENT' && !word.includes('/')
      ? `no program of this name is on the PATH; a file wants a path, such as ./${word}`
      : code === 'EACCES'
        ? 'it may not be executed; see chmod +x'
        : reasonOf(error);
  return `it could not be started (${why})`;
}
