import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { reasonOf } from '../../document/reason.ts';
import type { Policy, PolicyVerdict } from '../../model/policy.ts';
import { type Ended, verdictOf } from './verdict.ts';

export interface PolicyOptions {
  readonly signal: AbortSignal;
  /** what it finds in its environment besides ours */
  readonly variables: Readonly<Record<string, string>>;
  /** how long it may take; milliseconds */
  readonly limit?: number;
}

/** In milliseconds; enough for one that asks a service. */
const usualLimit = 30_000;
/** What is read of its answer, and of its complaints; characters. */
const most = 1_000_000;

/** Asks all of them at once, each with the report document of the plan on its standard input. */
export function askPolicies(
  policies: readonly Policy[],
  document: string,
  options: PolicyOptions,
): Promise<readonly PolicyVerdict[]> {
  return Promise.all(
    policies.map(async (policy) => verdictOf(policy.name, await asked(policy, document, options))),
  );
}

function asked(
  { words, folder }: Policy,
  document: string,
  { signal, variables, limit = usualLimit }: PolicyOptions,
): Promise<Ended> {
  const [first = '', ...args] = words;
  const program = first.includes('/') ? resolve(folder, first) : first;
  const texts = { stdout: '', stderr: '' };
  if (signal.aborted) return Promise.resolve({ why: 'interrupted', stdout: '', stderr: '' });
  return new Promise<Ended>((end) => {
    const child = spawn(program, args, {
      cwd: folder,
      env: { ...process.env, ...variables },
      // A group of its own, so that all of it can be ended, and none of it gets the operator's Ctrl-C.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let why: string | undefined;
    const stop = (reason: string) => {
      why ??= reason;
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const late = setTimeout(() => stop(`it took longer than ${limit / 1_000} s`), limit);
    const interrupted = () => stop('interrupted');
    signal.addEventListener('abort', interrupted, { once: true });
    const done = (reason: string | undefined) => {
      clearTimeout(late);
      signal.removeEventListener('abort', interrupted);
      end({ why: why ?? reason, ...texts });
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
    child.stdin.end(document);
  }).catch((error: unknown) => ({ why: notStarted(error, first), stdout: '', stderr: '' }));
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
