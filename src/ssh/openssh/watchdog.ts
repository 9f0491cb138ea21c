import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../package-root.ts';

/**
 * Ends processes when this one is gone, even by SIGKILL: ssh(1) would otherwise run forever. It is a small
 * program in its own session, which Ctrl-C doesn't reach, and it notices the end because its stdin is closed.
 */
export interface Watchdog {
  started(pid: number): void;
  ended(pid: number): void;
  /** Ends what is still running, and removes the folder. */
  close(): Promise<void>;
}

export async function startWatchdog(directory: string): Promise<Watchdog> {
  const child = spawn('/bin/sh', ['-c', await localProgram('watchdog'), 'sh', directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
  });
  const gone = new Promise<void>((resolve) => {
    child.on('error', () => resolve());
    child.once('exit', () => resolve());
  });
  child.stdin.on('error', () => {});
  // It waits for us; we don't wait for it.
  child.unref();
  (child.stdin as unknown as { unref?: () => void }).unref?.();
  return {
    started: (pid) => child.stdin.write(`+${pid}\n`),
    ended: (pid) => child.stdin.write(`-${pid}\n`),
    async close() {
      child.ref();
      child.stdin.end();
      await gone;
    },
  };
}

/** The text of a program in `local/`, which runs on this machine. */
export function localProgram(name: 'askpass' | 'known-keys' | 'note-key' | 'watchdog'): Promise<string> {
  return readFile(join(packageRoot(), 'src/ssh/openssh/local', `${name}.sh`), 'utf8');
}
