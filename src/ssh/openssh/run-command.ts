import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { OperatorError } from '../../model/operator-error.ts';
import type { ExecInput, ExecOptions, ExecResult } from '../contract.ts';
import { followCommand, type RunningCommand } from '../follow-command.ts';
import { describeTarget, type SshTarget } from '../target.ts';
import { commandArguments } from './arguments.ts';
import { notStartable } from './problems.ts';
import type { Watchdog } from './watchdog.ts';

export interface CommandPlace {
  readonly target: SshTarget;
  /** control socket of the login */
  readonly socket: string;
  /** where ssh writes its own messages: stderr is the command's alone */
  readonly log: string;
  readonly watchdog: Watchdog;
}

/**
 * Runs a command over a login: one process of ssh(1), which ends with the command. Throws an OperatorError
 * `command-timeout`, `output-too-long`, `exec-refused`, or `connection-lost` if nothing was started.
 */
export async function runCommand(
  place: CommandPlace,
  line: string,
  input: ExecInput,
  options: ExecOptions,
): Promise<ExecResult> {
  const child = spawn('ssh', [...commandArguments(place.socket, place.log, line)], {
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    cwd: '/',
  });
  const { pid } = child;
  if (pid === undefined) {
    const [error] = (await once(child, 'error')) as [Error];
    throw new OperatorError(notStartable(error.message));
  }
  place.watchdog.started(pid);
  try {
    const command = running(child);
    const output = await followCommand(place.target, command, input, options);
    const code = await command.code;
    // 255 is also ssh's own exit status for an error: only its messages tell the two apart.
    return { code: code === 255 ? await status(place) : code, ...output };
  } finally {
    place.watchdog.ended(pid);
    await rm(place.log, { force: true });
  }
}

function running(child: ChildProcessByStdio<Writable, Readable, Readable>): RunningCommand & {
  readonly code: Promise<number | null>;
} {
  const streams = [child.stdin, child.stdout, child.stderr];
  for (const stream of streams) stream.on('error', () => {});
  // The process can't be signalled; nothing can be done about it.
  child.on('error', () => {});
  const code = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    code,
    finished: code.then(() => undefined),
    abandon() {
      child.kill('SIGKILL');
      // The login holds the other ends for as long as the command runs on the host.
      for (const stream of streams) stream.destroy();
    },
  };
}

/** What ssh's exit status 255 means, judged by its own messages. */
async function status({ target, log }: CommandPlace): Promise<number | null> {
  const words = await readFile(log, 'utf8').catch(() => '');
  switch (meaningOf255(words)) {
    case 'status':
      return 255;
    case 'unknown':
      return null;
    case 'refused':
      throw new OperatorError({
        code: 'exec-refused',
        message: `${describeTarget(target)} does not run commands: the session was refused`,
        next: "check MaxSessions, ForceCommand and PermitOpen in the host's sshd_config",
        detail: plainWords(words),
      });
    case 'not-started':
      throw lost(target);
  }
}

/**
 * `status`: the command's own exit status; `unknown`: it was started and its outcome is unknown; `refused`:
 * by the host; `not-started`: the login was gone. From mux_client_request_session() in mux.c of OpenSSH 7.4
 * to 10.
 */
export function meaningOf255(log: string): 'status' | 'unknown' | 'refused' | 'not-started' {
  if (/^debug2: Received exit status from master 255\r?$/m.test(log)) return 'status';
  if (/session request failed: |Master refused session request/.test(log)) return 'refused';
  // The login ended after the session was requested: how far that got is unknown.
  if (/master session id: \d+|read from master failed/.test(log)) return 'unknown';
  return 'not-started';
}

function plainWords(log: string): string {
  return (
    log
      .split(/\r?\n/)
      .filter((line) => line !== '' && !/^debug\d: /.test(line))
      // About the connection of its own that ssh was then kept from making.
      .filter((line) => !/^(kex|ssh)_exchange_identification: |^Connection closed by UNKNOWN/.test(line))
      .slice(-5)
      .join('\n')
  );
}

function lost(target: SshTarget): OperatorError {
  return new OperatorError({
    code: 'connection-lost',
    message: `the connection to ${describeTarget(target)} was lost`,
    next: 'run the command again',
  });
}
