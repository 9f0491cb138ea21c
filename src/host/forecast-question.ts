import { OperatorError } from '../model/operator-error.ts';
import type { Connection, ExecResult } from '../ssh/contract.ts';
import { AnswerReader } from './answer-reader.ts';
import { bootstrap, framed, newNonce, program } from './program.ts';
import { fields, printable } from './records.ts';
import type { ProbeContext } from './snapshot-parser.ts';

/** As for the probe, which answers in the end. Bytes. */
const maximumOutput = 64 * 1024 * 1024;
/**
 * Seconds for one package: its upload over a slow line, or its download, and unpacking it while people talk
 * on the host.
 */
const patience = 3600;

export interface Question {
  readonly host: string;
  readonly request: string;
  /** the first section of the answer */
  readonly section: string;
  /** what follows the request */
  readonly data?: () => Iterable<Buffer> | AsyncIterable<Buffer>;
}

/** All that was said, and what is needed to read it. */
export interface Answered extends Pick<ProbeContext, 'nonce' | 'clock'> {
  readonly output: Buffer;
}

/**
 * Runs forecast.sh, and makes something of the records in the first section of its answer. Throws an
 * OperatorError: the host's own, if it has refused.
 */
export async function askForecast<Result>(
  connection: Connection,
  { host, request, section, data = () => [] }: Question,
  read: (lines: readonly string[][], answered: Answered) => Result,
): Promise<Result> {
  const nonce = newNonce();
  const text = await program('forecast');
  const askedAt = Date.now();
  const result = await connection.exec(bootstrap, followed(framed(text, request, nonce), data), {
    timeout: patience,
    maximumOutput,
  });
  const clock = { askedAt, answeredAt: Date.now() };
  try {
    const reader = new AnswerReader(result.stdout, nonce, section);
    reader.section();
    const lines = reader.lines().map(fields);
    refuseProblem(lines, host);
    return read(lines, { output: result.stdout, nonce, clock });
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw unanswered(host, result, error);
  }
}

async function* followed(
  first: Buffer,
  data: () => Iterable<Buffer> | AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  yield first;
  yield* data();
}

function refuseProblem(lines: readonly string[][], host: string): void {
  const found = lines.find(([kind]) => kind === 'problem');
  if (found === undefined) return;
  const [, code = '', message = '', next = '', detail = ''] = found.map(printable);
  throw new OperatorError({ code, message, next, host, ...(detail === '' ? {} : { detail }) });
}

function unanswered(host: string, { code, stderr }: ExecResult, error: unknown): OperatorError {
  if (code === null) {
    return new OperatorError({
      code: 'connection-lost',
      message: 'the connection was lost while packages were looked at',
      next: 'nothing was changed there; run the command again',
      host,
    });
  }
  const words = [
    error instanceof Error ? error.message : String(error),
    stderr.subarray(0, 2_000).toString(),
  ];
  return new OperatorError({
    code: 'unpack-failed',
    message: "what the host says of the packages can't be parsed",
    next: 'check that it has dpkg-deb, tar, awk, find, sed and flock',
    host,
    detail: printable(words.join('\n').trim()),
  });
}
