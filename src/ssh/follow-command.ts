import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { OperatorError } from '../model/operator-error.ts';
import type { ExecInput, ExecOptions, ExecResult } from './contract.ts';
import { addressOf, type SshTarget } from './target.ts';

/** A command that was started on a host, over either transport. */
export interface RunningCommand {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** resolves when no more output will arrive */
  readonly finished: Promise<void>;
  /** Abandons the command; nothing waits for it any more. */
  abandon(): void;
}

/** Bytes of stderr that are kept; they are used only in messages. */
const maximumErrorOutput = 64 * 1024;

/**
 * Gives a command its input and reads its output, within the limits. Throws an OperatorError
 * `command-timeout` or `output-too-long`. The caller must have added an error listener to each of its
 * streams.
 */
export async function followCommand(
  target: SshTarget,
  command: RunningCommand,
  input: ExecInput,
  options: ExecOptions,
): Promise<Omit<ExecResult, 'code'>> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let taken = 0;
  let errorTaken = 0;
  let failure: OperatorError | undefined;
  let abandoned: () => void = () => {};
  const givenUp = new Promise<void>((resolve) => {
    abandoned = resolve;
  });
  const giveUp = (problem: OperatorError) => {
    if (failure !== undefined) return;
    failure = problem;
    command.abandon();
    abandoned();
  };
  command.stdout.on('data', (chunk: Buffer) => {
    taken += chunk.length;
    if (taken > options.maximumOutput) return giveUp(tooLong(target, options.maximumOutput));
    stdout.push(chunk);
    options.onOutput?.(chunk);
  });
  command.stderr.on('data', (chunk: Buffer) => {
    errorTaken += chunk.length;
    if (errorTaken <= maximumErrorOutput) stderr.push(chunk);
    options.onErrorOutput?.(chunk);
  });
  const deadline = setTimeout(() => giveUp(tooSlow(target, options.timeout)), options.timeout * 1_000);
  const over = Promise.race([command.finished, givenUp]);
  const written = writeAll(command.stdin, input, over);
  await over;
  clearTimeout(deadline);
  await written;
  if (failure !== undefined) throw failure;
  return { stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
}

/** Writes as fast as the other side reads; stops early if the command ends. */
async function writeAll(stdin: Writable, input: ExecInput, finished: Promise<void>): Promise<void> {
  const before = beforeEndOf(finished);
  const chunks = chunksOf(input);
  for (;;) {
    const next = await before(chunks.next());
    if (next === 'over') return;
    if (next.done === true) break;
    const chunk = next.value;
    if (chunk.length === 0) continue;
    if (!stdin.writable) return;
    if (stdin.write(chunk)) continue;
    const drained = once(stdin, 'drain').then(
      () => 'drained' as const,
      () => 'over' as const,
    );
    if ((await before(drained)) === 'over') return;
  }
  stdin.end();
}

/**
 * Waits for one thing after the other, but not beyond an end. `Promise.race` with that end itself would keep
 * every thing that was waited for, such as the chunks of a large file, until the end comes.
 */
function beforeEndOf(end: Promise<void>): <Result>(work: Promise<Result>) => Promise<Result | 'over'> {
  let isOver = false;
  let giveUp: () => void = () => {};
  void end.then(() => {
    isOver = true;
    giveUp();
  });
  return async (work) => {
    if (isOver) return 'over';
    const over = new Promise<'over'>((resolve) => {
      giveUp = () => resolve('over');
    });
    return Promise.race([work, over]);
  };
}

async function* chunksOf(input: ExecInput): AsyncGenerator<Buffer, void> {
  if (Buffer.isBuffer(input)) yield input;
  else yield* input;
}

function tooSlow(target: SshTarget, seconds: number): OperatorError {
  return new OperatorError({
    code: 'command-timeout',
    message: `${addressOf(target)} did not answer within ${seconds} seconds`,
    next: 'log in there and check its load, disks and name resolution',
  });
}

function tooLong(target: SshTarget, bytes: number): OperatorError {
  return new OperatorError({
    code: 'output-too-long',
    message: `${addressOf(target)} answered with more than ${bytes} bytes`,
    next: 'look for a login script on the host that never stops printing',
  });
}
