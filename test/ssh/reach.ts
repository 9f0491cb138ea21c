import { expect } from 'vitest';
import { OperatorError } from '../../src/model/operator-error.ts';
import { type Connector, type ConnectorOptions, createConnector } from '../../src/ssh/connector.ts';
import type { Connection, ExecResult } from '../../src/ssh/contract.ts';
import type { SshSettings, Transport } from '../../src/ssh/settings.ts';
import type { Lab } from '../lab/lab.ts';

/** Both have to pass the same tests. */
export const transports: readonly Transport[] = ['node', 'openssh'];

/** Reaches hosts of the lab as a run does, and forgets what it learned of them with each test. */
export class Reach {
  readonly #settings: Omit<SshSettings, 'host'>;
  #connector: Connector;
  readonly #open: Connection[] = [];

  constructor(lab: Lab, transport: Transport) {
    this.#settings = {
      transport,
      config: 'none',
      user: 'root',
      identityFiles: [lab.sshKey],
      knownHostsFiles: [lab.knownHosts],
    };
    this.#connector = createConnector();
  }

  get connector(): Connector {
    return this.#connector;
  }

  settings(settings: SshSettings): SshSettings {
    return { ...this.#settings, ...settings };
  }

  async connect(settings: SshSettings): Promise<Connection> {
    const connection = await this.#connector.connect(this.settings(settings));
    this.#open.push(connection);
    return connection;
  }

  /** What a command says on a connection that is made for it. */
  async run(settings: SshSettings, command: string): Promise<ExecResult> {
    const connection = await this.connect(settings);
    return connection.exec(command, Buffer.alloc(0), { timeout: 60, maximumOutput: 1_000_000 });
  }

  /** The code with which a host is refused, and all the words of it. */
  async refusal(settings: SshSettings): Promise<{ readonly code: string; readonly words: string }> {
    try {
      await this.connect(settings);
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      const { code, message, next = '', notes = [], detail = '' } = error.problem;
      return { code, words: [message, next, ...notes, detail].join('\n') };
    }
    return expect.unreachable('it was let in');
  }

  /** A run of its own. */
  async renew(options: ConnectorOptions = {}): Promise<void> {
    for (const connection of this.#open.splice(0)) await connection.close();
    await this.#connector.close();
    this.#connector = createConnector(options);
  }
}
