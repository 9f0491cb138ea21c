import { type ChildProcess, spawn } from 'node:child_process';
import { reasonOf } from '../document/reason.ts';
import type { Problem } from '../model/operator-error.ts';
import { type Places, placed } from './file.ts';
import { longestSecret, notText, textOf, tooLong } from './usable.ts';

export interface CommandOptions extends Places {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** whether a program that asks for a passphrase may use the operator's terminal */
  readonly terminal: boolean;
  /** discards what was typed before the program could ask, since that isn't an answer */
  readonly beforeAsking?: (() => Promise<void>) | undefined;
  readonly signal: AbortSignal;
  readonly register: { add(value: string): void; mask(text: string): string };
  readonly progress: (text: string) => void;
  /** milliseconds; by default as long as a person may take, or a machine if nobody can be asked */
  readonly timeLimit?: number | undefined;
}

/** In milliseconds; somebody has to find and type a passphrase, or touch a token. */
const withPerson = 180_000;
/** In milliseconds; enough for a vault over a slow network. */
const withoutPerson = 30_000;
/** In milliseconds, from SIGTERM to SIGKILL. */
const grace = 2_000;
const longestComplaint = 4_000;

/**
 * The output of a program, which is the secret. It runs without a shell, in the inventory's directory, with
 * our environment. Its standard input is the terminal if there is one (a curses pinentry(1) finds it by
 * GPG_TTY or /dev/tty), or else is empty. If it fails, its standard error is shown, never its standard
 * output.
 */
export async function runForSecret(
  command: readonly string[],
  options: CommandOptions,
): Promise<string | Problem> {
  const [first = '', ...args] = command;
  const program = /\//.test(first) ? placed(first, options) : first;
  const shown = `\`${command.join(' ')}\``;
  if (options.terminal) {
    await options.beforeAsking?.();
    options.progress(`asking ${shown} for a secret`);
  }
  const ended = await run(program, args, options);
  const problem = (code: string, message: string, next: string): Problem => ({
    code,
    message,
    next,
    detail: complaint(ended, options),
  });
  if (ended.kind === 'not-started') return notStarted(program, shown, ended.error);
  if (ended.kind === 'interrupted') {
    return {
      code: 'interrupted',
      message: `interrupted while ${shown} was running`,
      next: 'run the command again',
    };
  }
  if (ended.kind === 'too-slow') {
    return problem(
      'secret-command-failed',
      `${shown}, which should print a secret, was stopped after ${ended.seconds} s`,
      options.terminal
        ? 'run it by hand and see what it waits for'
        : 'run it by hand and see what it waits for; without a terminal it must not ask for anything',
    );
  }
  if (ended.kind === 'too-much') {
    return {
      code: 'secret-unusable',
      message: tooLong(shown),
      next: 'use a single line of text as the secret',
    };
  }
  if (ended.status !== 0) {
    const how =
      ended.status === null ? `was killed by ${ended.signal}` : `failed with exit status ${ended.status}`;
    return problem(
      'secret-command-failed',
      `${shown}, which should print a secret, ${how}`,
      'run it by hand, as the same user and in the same directory as the inventory',
    );
  }
  return textOf(ended.output) ?? notText(shown);
}

type Ended = Collected &
  (
    | { readonly kind: 'ended'; readonly status: number | null; readonly signal: string | null }
    | { readonly kind: 'too-slow'; readonly seconds: number }
    | { readonly kind: 'too-much' }
    | { readonly kind: 'interrupted' }
    | { readonly kind: 'not-started'; readonly error: NodeJS.ErrnoException }
  );

interface Collected {
  readonly output: Buffer;
  readonly complaint: Buffer;
}

function run(program: string, args: readonly string[], options: CommandOptions): Promise<Ended> {
  const { directory, variables, terminal, signal } = options;
  const limit = options.timeLimit ?? (terminal ? withPerson : withoutPerson);
  return new Promise((resolve) => {
    const output: Buffer[] = [];
    const complaint: Buffer[] = [];
    let size = 0;
    let complained = 0;
    let cause:
      | { kind: 'too-slow'; seconds: number }
      | { kind: 'too-much' }
      | { kind: 'interrupted' }
      | undefined;
    const collected = () => ({ output: Buffer.concat(output), complaint: Buffer.concat(complaint) });
    let child: ChildProcess;
    try {
      child = spawn(program, args, {
        cwd: directory,
        env: variables as NodeJS.ProcessEnv,
        stdio: [terminal ? 'inherit' : 'ignore', 'pipe', 'pipe'],
        windowsHide: true,
      });
    } catch (error) {
      // An argument or a variable that the system doesn't accept.
      resolve({ kind: 'not-started', error: error as NodeJS.ErrnoException, ...collected() });
      return;
    }
    const stop = (why: NonNullable<typeof cause>) => {
      if (cause !== undefined) return;
      cause = why;
      child.kill('SIGTERM');
      setTimeout(() => {
        child.kill('SIGKILL');
        // Processes that the program has started may hold them open forever.
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, grace).unref();
    };
    const timer = setTimeout(() => stop({ kind: 'too-slow', seconds: Math.round(limit / 1000) }), limit);
    const interrupt = () => stop({ kind: 'interrupted' });
    const settle = (ended: Ended) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', interrupt);
      resolve(ended);
    };
    signal.addEventListener('abort', interrupt);
    if (signal.aborted) interrupt();
    child.stdout?.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > longestSecret + 2) stop({ kind: 'too-much' });
      else output.push(chunk);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      if (complained < longestComplaint) complaint.push(chunk.subarray(0, longestComplaint - complained));
      complained += chunk.length;
    });
    child.on('error', (error) => settle({ kind: 'not-started', error, ...collected() }));
    child.on('close', (status, by) => {
      if (cause === undefined) settle({ kind: 'ended', status, signal: by, ...collected() });
      else settle({ ...cause, ...collected() });
    });
  });
}

/** Its standard error, without the part of the secret that it has printed so far. */
function complaint(ended: Ended, { register }: CommandOptions): string | undefined {
  for (const line of (textOf(ended.output) ?? '').split('\n')) {
    if (line.trim().length >= 4) register.add(line.trim());
  }
  const text = register.mask(ended.complaint.toString('utf8')).trim();
  return text === '' ? undefined : text;
}

function notStarted(program: string, shown: string, error: NodeJS.ErrnoException): Problem {
  if (error.code === 'ENOENT') {
    return {
      code: 'secret-command-missing',
      message: `${shown} should print a secret, but there is no program ${program}`,
      next: 'install it, or write its path; it runs without a shell, so aliases, pipes and variables do not work',
    };
  }
  const reason = error.code === 'EACCES' ? 'it is not executable' : reasonOf(error);
  return {
    code: 'secret-command-failed',
    message: `${shown}, which should print a secret, can't be run: ${reason}`,
    next: `check it: ls -l ${program}`,
  };
}
