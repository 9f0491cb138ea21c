import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { isReady, LineCollector } from './log.ts';
import type { Watchdog } from './watchdog.ts';

/** A persistent login: a process of ssh(1) through which commands run. */
export interface Login {
  readonly socket: string;
  /** the output of ssh so far; bounded */
  readonly lines: readonly string[];
  /** resolves when the process has ended, for whatever reason */
  readonly ended: Promise<void>;
  readonly isOver: boolean;
  close(): Promise<void>;
}

export interface LoginAttempt {
  readonly args: readonly string[];
  readonly socket: string;
  readonly environment: NodeJS.ProcessEnv;
  /** seconds */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  readonly watchdog: Watchdog;
}

/** `failed`: the output of ssh says why. */
export type LoginOutcome =
  | { readonly kind: 'ready'; readonly login: Login; readonly lines: readonly string[] }
  | { readonly kind: 'failed' | 'late' | 'interrupted'; readonly lines: readonly string[] }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unstartable'; readonly reason: string };

/** Number of lines kept once a login is established; they are used only in messages. */
const keptLines = 20;

/** Milliseconds for a process to end by itself. */
const patience = 1_000;

/**
 * Starts ssh(1) in its own session, where Ctrl-C doesn't reach it and where it has no terminal for prompts,
 * and waits until it listens on its control socket.
 */
export async function startLogin(attempt: LoginAttempt): Promise<LoginOutcome> {
  if (attempt.signal?.aborted) return { kind: 'interrupted', lines: [] };
  const child = spawn('ssh', [...attempt.args], {
    env: attempt.environment,
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    cwd: '/',
  });
  const { pid } = child;
  if (pid === undefined) {
    const [error] = (await once(child, 'error')) as [NodeJS.ErrnoException];
    if (error.code === 'ENOENT') return { kind: 'missing' };
    return { kind: 'unstartable', reason: error.message };
  }
  attempt.watchdog.started(pid);
  let isOver = false;
  let settle: (outcome: 'ready' | 'failed' | 'late' | 'interrupted') => void = () => {};
  const settled = new Promise<Parameters<typeof settle>[0]>((resolve) => {
    settle = resolve;
  });
  const collector = new LineCollector((line) => {
    if (isReady(line) && existsSync(attempt.socket)) settle('ready');
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => collector.add(chunk));
  child.stderr.on('error', () => {});
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      isOver = true;
      attempt.watchdog.ended(pid);
      attempt.signal?.removeEventListener('abort', abort);
      resolve();
    };
    // The process can't be signalled; nothing can be done about it.
    child.on('error', () => {});
    child.once('exit', end);
  });
  // Its last words arrive after its end, unless a ProxyCommand that outlives it keeps the pipe open.
  const heard = Promise.race([
    new Promise<void>((resolve) => child.once('close', () => resolve())),
    ended.then(() => new Promise<void>((resolve) => setTimeout(resolve, 200).unref())),
  ]);
  const give = () => {
    collector.end();
    child.stderr.destroy();
    settle('failed');
  };
  heard.then(give, give);
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), patience);
    await ended;
    clearTimeout(force);
  };
  const abort = () => {
    settle('interrupted');
    stop().catch(() => {});
  };
  attempt.signal?.addEventListener('abort', abort, { once: true });
  const deadline = setTimeout(() => settle('late'), attempt.timeout * 1_000);
  const kind = await settled;
  clearTimeout(deadline);
  const lines = [...collector.lines];
  if (kind !== 'ready') {
    await stop();
    return { kind, lines };
  }
  collector.lines.length = 0;
  collector.keep = keptLines;
  const login: Login = {
    socket: attempt.socket,
    lines: collector.lines,
    ended,
    get isOver() {
      return isOver;
    },
    close: stop,
  };
  return { kind, login, lines };
}
