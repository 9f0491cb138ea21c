import { Readable, Writable } from 'node:stream';
import type { Environment } from '../../src/cli/environment.ts';
import { execute } from '../../src/cli/program.ts';
import { type ReportDocument, reportSchema } from '../../src/report/document/schema.ts';
import { Output } from '../../src/report/output.ts';
import { SecretRegister } from '../../src/secrets/register.ts';

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** of a command line with --json */
  readonly document: ReportDocument;
}

/** Carries out a command line at a time of the test's choice, without a terminal, as a timer does. */
export async function clusterproxyAt(
  time: string,
  argv: readonly string[],
  given: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const variables: Record<string, string> = { ...given };
  const [stdout, stderr] = [new Kept(), new Kept()];
  const secrets = new SecretRegister();
  const output = new Output({
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: stderr as unknown as NodeJS.WriteStream,
    variables: {},
    mask: (text) => secrets.mask(text),
  });
  const environment: Environment = {
    stdin: Readable.from([]) as NodeJS.ReadStream,
    output,
    clock: { now: () => Date.parse(time), zone: 'UTC' },
    variables,
    signal: new AbortController().signal,
    leave: new AbortController().signal,
    attend: () => Promise.resolve(),
    interrupt: () => undefined,
    secrets,
    forget: (name) => {
      delete variables[name];
    },
    phase: { changing: false },
  };
  const status = await execute(argv, environment);
  output.close();
  const text = stdout.text();
  return {
    ...{ status, stdout: text, stderr: stderr.text() },
    get document() {
      return reportSchema.parse(JSON.parse(text));
    },
  };
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
