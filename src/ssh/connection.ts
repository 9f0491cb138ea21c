import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { NodeSSH } from 'node-ssh';
import type { ClientChannel } from 'ssh2';
import { OperatorError } from '../model/operator-error.ts';
import { addressOf, describeTarget, type SshTarget } from './target.ts';
import type { VerifiedConnection } from './transport.ts';

export interface ExecOptions {
  /** seconds until the command is given up; what it does on the host goes on unless it has a time limit there as well */
  readonly timeout: number;
  /** bytes of stdout that are taken; more is an error */
  readonly maximumOutput: number;
  readonly onOutput?: (chunk: Buffer) => void;
}

/** What a command said. `code` null: the connection or the command was cut off, its outcome is not known. */
export interface ExecResult {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** An authenticated connection to a host whose key was verified. */
export interface Connection {
  /**
   * Runs a command with `input` on its stdin, as root where the host's settings say so. Throws an OperatorError `command-timeout`,
   * `output-too-long`, `connection-lost` (nothing was started), or one of sudo's. Never twice for one call.
   */
  exec(command: string, input: Buffer | Iterable<Buffer>, options: ExecOptions): Promise<ExecResult>;
  close(): Promise<void>;
}

/** stderr is kept for messages only. Bytes. */
const maximumErrorOutput = 64 * 1024;

export class SshConnection implements VerifiedConnection {
  readonly hostKey: string | undefined;
  readonly #ssh: NodeSSH;
  readonly #target: SshTarget;
  readonly closed: Promise<void>;

  constructor(
    ssh: NodeSSH,
    target: SshTarget,
    { closed, hostKey }: { readonly closed: Promise<void>; readonly hostKey: string | undefined },
  ) {
    this.#ssh = ssh;
    this.#target = target;
    this.closed = closed;
    this.hostKey = hostKey;
  }

  async exec(command: string, input: Buffer | Iterable<Buffer>, options: ExecOptions): Promise<ExecResult> {
    return this.#follow(await this.#open(command), input, options);
  }

  async close(): Promise<void> {
    this.#ssh.connection?.end();
    const patience = setTimeout(() => this.#ssh.connection?.destroy(), 1_000);
    await this.closed;
    clearTimeout(patience);
  }

  async forward(host: string, port: number): Promise<Duplex> {
    const client = this.#ssh.connection;
    if (client === null) throw this.#lost();
    return new Promise((resolve, reject) => {
      try {
        client.forwardOut('127.0.0.1', 0, host, port, (error, channel) =>
          error === undefined || error === null ? resolve(channel) : reject(error),
        );
      } catch {
        reject(this.#lost());
      }
    });
  }

  /** The channel on which the command runs. node-ssh's own `exec` decodes what it reads and throws on any stderr. */
  async #open(command: string): Promise<OpenedChannel> {
    const client = this.#ssh.connection;
    if (client === null) throw this.#lost();
    return new Promise((resolve, reject) => {
      this.closed.then(() => reject(this.#lost()), reject);
      try {
        client.exec(command, (error, channel) => {
          if (error === undefined || error === null) return resolve(watched(channel));
          reject(
            new OperatorError({
              code: 'exec-refused',
              message: `${describeTarget(this.#target)} doesn't run commands: ${error.message}`,
              next: "look for MaxSessions, ForceCommand or PermitOpen in the host's sshd_config",
            }),
          );
        });
      } catch {
        reject(this.#lost());
      }
    });
  }

  async #follow(
    { channel, exit }: OpenedChannel,
    input: Buffer | Iterable<Buffer>,
    options: ExecOptions,
  ): Promise<ExecResult> {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let taken = 0;
    let errorTaken = 0;
    let failure: OperatorError | undefined;
    const giveUp = (problem: OperatorError) => {
      failure ??= problem;
      channel.close();
      finish();
    };
    let finish: () => void = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    channel.on('data', (chunk: Buffer) => {
      taken += chunk.length;
      if (taken > options.maximumOutput) return giveUp(this.#tooLong(options.maximumOutput));
      stdout.push(chunk);
      options.onOutput?.(chunk);
    });
    channel.stderr.on('data', (chunk: Buffer) => {
      errorTaken += chunk.length;
      if (errorTaken <= maximumErrorOutput) stderr.push(chunk);
    });
    channel.on('error', () => finish());
    channel.on('close', () => finish());
    const deadline = setTimeout(() => giveUp(this.#tooSlow(options.timeout)), options.timeout * 1_000);
    const written = writeAll(channel, input, finished);
    await Promise.race([finished, this.closed]);
    clearTimeout(deadline);
    await written;
    if (failure !== undefined) throw failure;
    return { code: exit.code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
  }

  #lost(): OperatorError {
    return new OperatorError({
      code: 'connection-lost',
      message: `the connection to ${describeTarget(this.#target)} is gone`,
      next: 'run the command again',
    });
  }

  #tooSlow(seconds: number): OperatorError {
    return new OperatorError({
      code: 'command-timeout',
      message: `${addressOf(this.#target)} didn't answer within ${seconds} seconds`,
      next: 'log in there and look at its load, its disks and its name resolution',
    });
  }

  #tooLong(bytes: number): OperatorError {
    return new OperatorError({
      code: 'output-too-long',
      message: `${addressOf(this.#target)} answered with more than ${bytes} bytes`,
      next: 'look for a login script on the host that prints without end',
    });
  }
}

/** A channel, and the exit status of its command as soon as it is known. */
interface OpenedChannel {
  readonly channel: ClientChannel;
  readonly exit: { code: number | null };
}

/** Must be called where ssh2 hands the channel over: a status in the same packet as the go-ahead is told right after. */
function watched(channel: ClientChannel): OpenedChannel {
  const exit: OpenedChannel['exit'] = { code: null };
  channel.on('exit', (status: number | null) => {
    exit.code = status;
  });
  return { channel, exit };
}

/** Writes at the pace at which the other side reads; ends early when the command does. */
async function writeAll(
  channel: ClientChannel,
  input: Buffer | Iterable<Buffer>,
  finished: Promise<void>,
): Promise<void> {
  const over = finished.then(() => 'over' as const);
  for (const chunk of Buffer.isBuffer(input) ? [input] : input) {
    if (chunk.length === 0) continue;
    if (!channel.writable) return;
    if (channel.write(chunk)) continue;
    const drained = once(channel, 'drain').then(
      () => 'drained' as const,
      () => 'over' as const,
    );
    if ((await Promise.race([drained, over])) === 'over') return;
  }
  channel.end();
}
