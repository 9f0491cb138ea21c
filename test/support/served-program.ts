import { setMaxListeners } from 'node:events';
import { Readable, Writable } from 'node:stream';
import type { Environment } from '../../src/cli/environment.ts';
import { execute } from '../../src/cli/program.ts';
import { exitStatus } from '../../src/model/result.ts';
import { EventLog } from '../../src/record/event-log.ts';
import { ReportFiles } from '../../src/record/report-files.ts';
import { Output } from '../../src/report/output.ts';
import { SecretRegister } from '../../src/secrets/register.ts';

/** A command line to carry out: the message to a program that is served. */
export interface Call {
  readonly argv: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
}

/** Its outcome. */
export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

// The program as a process that carries out one command line after the other, as src/main.ts does with one:
// most of what a short command costs is starting Node and code that runs for the first time. A build of its
// own (see built-program.ts), which a test talks to by IPC. Signals and terminals are for the real one.
process.on('message', (call: Call) => {
  void carryOut(call).then((answer) => process.send?.(answer));
});
process.on('disconnect', () => process.exit(0));

async function carryOut({ argv, variables }: Call): Promise<Answer> {
  for (const name of Object.keys(process.env)) if (!(name in variables)) delete process.env[name];
  Object.assign(process.env, variables);
  const [stdout, stderr] = [new Kept(), new Kept()];
  const secrets = new SecretRegister();
  const output = new Output({
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: stderr as unknown as NodeJS.WriteStream,
    variables: process.env,
    mask: (text) => secrets.mask(text),
  });
  const signal = new AbortController().signal;
  setMaxListeners(0, signal);
  const now = () => Date.parse(variables.CLUSTERPROXY_TEST_TIME ?? '2026-11-29T12:00Z');
  const events = new EventLog({ now, mask: (text) => secrets.mask(text) });
  const reports = new ReportFiles({
    now,
    maskAll: (data) => secrets.maskAll(data),
    print: (text) => output.document(text),
  });
  const environment: Environment = {
    stdin: Readable.from([]) as NodeJS.ReadStream,
    output,
    // No test depends on when it runs: it is a Sunday, unless the test says otherwise.
    clock: { now, zone: 'UTC' },
    variables: process.env,
    signal,
    leave: new AbortController().signal,
    attend: () => Promise.resolve(),
    interrupt: () => undefined,
    secrets,
    events,
    reports,
    forget: (variable) => {
      delete process.env[variable];
    },
    phase: { changing: false },
  };
  const code = await execute(argv, environment);
  for (const lost of await reports.close()) output.messages.write(`warning: ${lost}\n`);
  output.close();
  await events.close();
  if (output.takeLoss() !== undefined) return { code: exitStatus.failed, stdout: '', stderr: 'output lost' };
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

class Kept extends Writable {
  readonly #chunks: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}
