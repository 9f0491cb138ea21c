#!/usr/bin/env node
import { setMaxListeners } from 'node:events';
import { concealed } from './cli/concealed.ts';
import type { Environment } from './cli/environment.ts';
import { execute } from './cli/program.ts';
import { SecretRegister } from './secrets/register.ts';

/** Interrupted by the operator; see exitStatus in model/result.ts. */
const interrupted = 130;

const controller = new AbortController();
// Every connection listens for it; Node warns of more than ten.
setMaxListeners(0, controller.signal);
const leaving = new AbortController();
const secrets = new SecretRegister();
const argv = process.argv.slice(2);
const environment: Environment = {
  stdin: process.stdin,
  stdout: concealed(process.stdout, secrets),
  stderr: concealed(process.stderr, secrets),
  variables: process.env,
  signal: controller.signal,
  leave: leaving.signal,
  secrets,
  forget: (variable) => {
    delete process.env[variable];
  },
  phase: { changing: false },
};

// Once: hosts under way finish, and no further one is started. Twice: they are left to themselves, which they can bear.
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    const { changing } = environment.phase;
    if (leaving.signal.aborted || (controller.signal.aborted && !changing)) process.exit(interrupted);
    if (controller.signal.aborted) {
      leaving.abort();
      process.stderr.write('\nleaving: hosts under way finish or roll back by themselves.\n');
      return;
    }
    controller.abort();
    const { interruption } = environment.phase;
    const hosts = changing
      ? 'no further host is started, and those being changed finish or roll back'
      : 'nothing was changed so far';
    process.stderr.write(`\ninterrupted: ${interruption ?? hosts}. Once more leaves now.\n`);
  });
}

// A reader that has seen enough (`| head -1`) is no reason to stop changing hosts, nor to fail.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  });
}

// What is thrown where nobody waits for it (a library's event handler) would end the process without a report.
for (const name of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(name, (error: unknown) => void end(reportUnexpected(error)));
}

await end(execute(argv, environment));

async function reportUnexpected(error: unknown): Promise<number> {
  const { reportFailure } = await import('./cli/failure.ts');
  return reportFailure(error, { argv, command: undefined, environment });
}

async function end(status: Promise<number>): Promise<void> {
  const exitStatus = await status;
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(exitStatus);
}

/** What was written may still be on its way into a slow pipe. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (!stream.writable) resolve();
    else stream.write('', () => resolve());
  });
}
