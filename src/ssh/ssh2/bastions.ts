import type { Duplex } from 'node:stream';
import { OperatorError, type Problem } from '../../model/operator-error.ts';
import { tooLate } from '../connect-problems.ts';
import type { Bastions, VerifiedConnection } from '../contract.ts';
import { addressOf, describeTarget, type SshTarget } from '../target.ts';

/** How long an unused connection stays open for the next step of a run. Milliseconds. */
const idleTime = 5_000;

/** `connect` receives the bastions themselves: a jump host can be behind another one. */
export function createBastions(
  connect: (jump: SshTarget, bastions: Bastions) => Promise<VerifiedConnection>,
): Bastions {
  const known = new Map<string, Promise<Bastion>>();

  const bastions: Bastions = {
    async open(jump, to) {
      const id = [...jump.jumps, jump].map(describeTarget).join(' ');
      let found = known.get(id);
      if (found === undefined) {
        found = reach(jump, () => {
          if (known.get(id) === found) known.delete(id);
        });
        known.set(id, found);
      }
      return (await found).open(to);
    },
    async close() {
      const all = await Promise.allSettled(known.values());
      known.clear();
      await Promise.all(all.map((one) => (one.status === 'fulfilled' ? one.value.end() : undefined)));
    },
  };

  /** A bastion that was lost or couldn't be reached is reached again by its next user. */
  async function reach(jump: SshTarget, forget: () => void): Promise<Bastion> {
    try {
      // Without the signal of the first caller: the connection serves all.
      const connection = await connect(jump, bastions);
      return new Bastion(jump, connection, forget);
    } catch (error) {
      forget();
      if (!(error instanceof OperatorError)) throw error;
      const { problem } = error;
      throw new OperatorError({ ...problem, message: `on the way to it: ${problem.message}` });
    }
  }

  return bastions;
}

class Bastion {
  readonly #jump: SshTarget;
  readonly #connection: VerifiedConnection;
  readonly #forget: () => void;
  #streams = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(jump: SshTarget, connection: VerifiedConnection, forget: () => void) {
    this.#jump = jump;
    this.#connection = connection;
    this.#forget = forget;
    connection.closed?.then(forget, forget);
  }

  async open(to: SshTarget): Promise<Duplex> {
    clearTimeout(this.#idle);
    this.#streams++;
    try {
      const stream = await this.#forward(to);
      stream.on('error', () => {});
      stream.once('close', () => this.#left());
      return stream;
    } catch (error) {
      this.#left();
      throw error;
    }
  }

  async end(): Promise<void> {
    clearTimeout(this.#idle);
    this.#forget();
    await this.#connection.close();
  }

  #left(): void {
    this.#streams--;
    if (this.#streams > 0) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.end().catch(() => undefined), idleTime);
  }

  #forward(to: SshTarget): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const fail = (problem: Problem) => reject(new OperatorError(problem));
      const deadline = setTimeout(() => fail(tooLate(to)), to.connectTimeout * 1_000);
      const lost = () => fail(lostOnTheWay(this.#jump, to));
      this.#connection.closed?.then(lost, lost);
      const forwarding = this.#connection.forward?.(to.host, to.port);
      if (forwarding === undefined) return lost();
      forwarding
        .then(resolve, (error: Error) => fail(forwardProblem(this.#jump, to, error)))
        .finally(() => clearTimeout(deadline));
    });
  }
}

function lostOnTheWay(jump: SshTarget, to: SshTarget): Problem {
  return {
    code: 'connection-lost',
    message: `the connection to ${addressOf(jump)}, on the way to ${to.name}, was lost`,
    next: 'run the command again',
  };
}

/** `(SSH) Channel open failure: WORDS`, with a reason from RFC 4254, section 5.1, as ssh2 reports it. */
function forwardProblem(
  jump: SshTarget,
  to: SshTarget,
  error: Error & { reason?: number | string },
): Problem {
  const place = `${to.host}:${to.port}`;
  const prohibited = error.reason === 1 || /prohibited/i.test(`${error.message} ${error.reason}`);
  if (prohibited) {
    return {
      code: 'jump-host-refused',
      message: `the jump host ${addressOf(jump)} does not allow connections to ${place}`,
      next: 'check AllowTcpForwarding, PermitOpen and DisableForwarding in its sshd_config, and the options of the key in its authorized_keys',
      detail: error.message,
    };
  }
  return {
    code: 'unreachable',
    message: `the jump host ${addressOf(jump)} can't reach ${place}`,
    next: 'log in on the jump host, and check that the host is up and that its name resolves there',
    detail: error.message,
  };
}
