import { setMaxListeners } from 'node:events';
import { writeSync } from 'node:fs';
import type { Environment } from './cli/environment.ts';
import { execute } from './cli/program.ts';
import { Interruptions } from './cli/signals.ts';
import { exitStatus } from './model/result.ts';
import { EventLog } from './record/event-log.ts';
import { ReportFiles } from './record/report-files.ts';
import { Traces } from './record/traces/traces.ts';
import { Output } from './report/output.ts';
import type { StartThread } from './run/planning/elsewhere.ts';
import { SecretRegister } from './secrets/register.ts';
import { showable } from './secrets/showable.ts';
import { packageVersion } from './version.ts';

const { stdout, stderr, env: variables } = process;
const argv = process.argv.slice(2);
const phase = { changing: false };
const secrets = new SecretRegister();
const output = new Output({ stdout, stderr, variables, mask: (text) => secrets.mask(text) });
const events = new EventLog({ now: Date.now, mask: (text) => secrets.mask(text) });
const traces = new Traces({
  ...{ variables, now: Date.now, version: packageVersion },
  maskAll: (data) => secrets.maskAll(data),
});
const reports = new ReportFiles({
  now: Date.now,
  maskAll: (data) => secrets.maskAll(data),
  print: (text) => output.document(text),
});
const interruptions = new Interruptions({ phase, output, exit: leaveAtOnce });
const { signal, leave: leaving } = interruptions;
// Every connection listens for it; Node warns of more than ten.
setMaxListeners(0, signal);

const environment: Environment & { startThread?: StartThread } = {
  // Only who reads makes a stream of it.
  get stdin() {
    return process.stdin;
  },
  output,
  clock: {
    now: Date.now,
    // Node reads what it knows of time zones only then.
    get zone() {
      return Intl.DateTimeFormat().resolvedOptions().timeZone;
    },
  },
  variables,
  signal,
  leave: leaving,
  attend: () => interruptions.attend(),
  interrupt: interruptions.interrupt,
  secrets,
  events,
  traces,
  reports,
  forget: (variable) => {
    delete variables[variable];
  },
  phase,
};

/** What counts more than results that could not be written. */
const heavier: ReadonlySet<number> = new Set([exitStatus.needsPerson, exitStatus.interrupted]);
/** What went wrong, and is being told: if that goes wrong as well, there is nobody left to tell it. */
let telling: { readonly error: unknown } | undefined;

/** Carries out what the command line says, and ends the process. */
export async function runProgram(startThread: StartThread): Promise<void> {
  environment.startThread = startThread;
  // What is thrown where nobody waits for it (a library's event handler) would end the process without a
  // report.
  for (const name of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(name, (error: unknown) => void fail(error));
  }
  await execute(argv, environment).then(end).catch(fail);
}

async function end(status: number): Promise<void> {
  interruptions.release();
  await output.page();
  await flushed();
  if (telling !== undefined) return;
  const loss = output.takeLoss();
  if (loss === undefined) leave(status);
  else await fail(loss, heavier.has(status) ? status : undefined);
}

/** Tells what ended the program, and ends it; with the given status, where there is one that counts more. */
async function fail(error: unknown, status?: number): Promise<void> {
  if (telling !== undefined) lastResort(telling.error, error);
  telling = { error };
  try {
    const { reportFailure } = await import('./cli/failure.ts');
    const told = reportFailure(error, { argv, command: undefined, environment });
    await flushed();
    leave(status ?? told);
  } catch (another) {
    lastResort(error, another);
  }
}

/** An error while an error was told: what told it can't be trusted any more, nor any stream. */
function lastResort(error: unknown, another: unknown): never {
  const what = wordsOf(error);
  const why = another === error ? '' : `\nbut: ${wordsOf(another)}`;
  try {
    output.close();
    // They may quote a host's files, as any error may that a step module of a playbook's own leaves behind.
    const words = showable(secrets.mask(`${what}${why}`));
    writeSync(2, `\nerror unexpected: an error could not be reported: ${words}\n`);
  } catch {
    // Not even that.
  }
  return leave(phase.changing ? exitStatus.failed : exitStatus.nothingTouched);
}

function wordsOf(error: unknown): string {
  try {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  } catch {
    return 'it has no message';
  }
}

/** What was kept for a pager is shown all the same. */
function leaveAtOnce(): never {
  output.close();
  return leave(exitStatus.interrupted);
}

function leave(status: number): never {
  process.exit(status);
}

/** What was written may still be on its way into a slow pipe; signals needn't wait for that. */
async function flushed(): Promise<void> {
  interruptions.release();
  // Those of a command that failed; what it was told is told already.
  const unsent = await traces.close();
  if (unsent !== undefined) output.messages.write(`warning: ${unsent}\n`);
  for (const lost of await reports.close()) output.messages.write(`warning: ${lost}\n`);
  for (const file of reports.takeWritten()) {
    output.links.file(file);
    const isTold = output.messages.isTerminal && !argv.includes('--quiet');
    if (isTold) output.messages.writeLinked(`the report is in ${file}\n`);
  }
  output.close();
  await events.close();
  await Promise.all(
    [stdout, stderr].map(
      (stream) =>
        new Promise<void>((resolve) => {
          if (stream.writable) stream.write('', () => resolve());
          else resolve();
        }),
    ),
  );
  // A stream tells of an error later than it calls back.
  await new Promise((resolve) => setImmediate(resolve));
}
