import type { Duplex } from 'node:stream';
import type { NodeSSH } from 'node-ssh';
import type { ClientChannel } from 'ssh2';
import { OperatorError } from '../../model/operator-error.ts';
import { heard } from '../../secrets/showable.ts';
import type { ExecInput, ExecOptions, ExecResult, VerifiedConnection } from '../contract.ts';
import { followCommand, type RunningCommand } from '../follow-command.ts';
import { describeTarget, type SshTarget } from '../target.ts';

export class SshConnection implements VerifiedConnection {
  readonly hostKey: string | undefined;
  readonly #ssh: NodeSSH;
  readonly #target: SshTarget;
  readonly closed: Promise<void>;
  /** what is to be told of the end; a promise would keep all that ever waited for it, and what that read */
  readonly #waiting = new Set<() => void>();
  #isClosed = false;

  constructor(
    ssh: NodeSSH,
    target: SshTarget,
    { closed, hostKey }: { readonly closed: Promise<void>; readonly hostKey: string | undefined },
  ) {
    this.#ssh = ssh;
    this.#target = target;
    this.closed = closed;
    void closed.then(() => {
      this.#isClosed = true;
      for (const tell of this.#waiting) tell();
    });
    this.hostKey = hostKey;
  }

  async exec(command: string, input: ExecInput, options: ExecOptions): Promise<ExecResult> {
    const { channel, exit } = await this.#open(command);
    const { running, forget } = this.#running(channel);
    try {
      const output = await followCommand(this.#target, running, input, options);
      return { code: exit.code, ...output };
    } finally {
      forget();
    }
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

  /**
   * The channel on which the command runs. node-ssh's own `exec` decodes what it reads and throws on any
   * stderr.
   */
  async #open(command: string): Promise<OpenedChannel> {
    const client = this.#ssh.connection;
    if (client === null) throw this.#lost();
    let forget = () => {};
    const opening = new Promise<OpenedChannel>((resolve, reject) => {
      forget = this.#onceClosed(() => reject(this.#lost()));
      try {
        client.exec(command, (error, channel) => {
          if (error === undefined || error === null) return resolve(watched(channel));
          const refused = new OperatorError({
            code: 'exec-refused',
            message: `${describeTarget(this.#target)} does not run commands: ${heard(error.message)}`,
            next: "check MaxSessions, ForceCommand and PermitOpen in the host's sshd_config",
          });
          // ssh2 also reports this for a request that was pending when the connection ended: let that be
          // noticed first.
          setImmediate(() => reject(refused));
        });
      } catch {
        reject(this.#lost());
      }
    });
    return opening.finally(() => forget());
  }

  #running(channel: ClientChannel): { readonly running: RunningCommand; readonly forget: () => void } {
    let forget = () => {};
    const finished = new Promise<void>((resolve) => {
      channel.on('error', () => resolve());
      channel.on('close', () => resolve());
      forget = this.#onceClosed(resolve);
    });
    const { stderr } = channel;
    return {
      running: { stdin: channel, stdout: channel, stderr, finished, abandon: () => channel.close() },
      forget: () => forget(),
    };
  }

  /** Calls it when the connection has ended, unless that isn't of interest any more. */
  #onceClosed(tell: () => void): () => void {
    if (this.#isClosed) tell();
    else this.#waiting.add(tell);
    return () => this.#waiting.delete(tell);
  }

  #lost(): OperatorError {
    return new OperatorError({
      code: 'connection-lost',
      message: `the connection to ${describeTarget(this.#target)} was lost`,
      next: 'run the command again',
    });
  }
}

/** A channel, and the exit status of its command once it is known. */
interface OpenedChannel {
  readonly channel: ClientChannel;
  readonly exit: { code: number | null };
}

/**
 * Must be called as soon as ssh2 hands over the channel: a status in the same packet as the confirmation is
 * emitted right afterwards.
 */
function watched(channel: ClientChannel): OpenedChannel {
  const exit: OpenedChannel['exit'] = { code: null };
  channel.on('exit', (status: number | null) => {
    exit.code = status;
  });
  return { channel, exit };
}
