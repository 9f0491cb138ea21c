import { OperatorError } from '../../model/operator-error.ts';
import type {
  ExecInput,
  ExecOptions,
  ExecResult,
  OpenConnection,
  OpenOptions,
  VerifiedConnection,
} from '../contract.ts';
import { createKeyring, type Keyring } from '../keys/keyring.ts';
import { describeTarget, type SshTarget } from '../target.ts';
import { createJumps, type Jumps } from './bastions.ts';
import { type LoggedIn, logIn } from './reach-host.ts';
import { runCommand } from './run-command.ts';
import { scanByOpenSsh } from './scan.ts';
import { openWorkshop, type Workshop } from './workshop.ts';

/**
 * The transport that runs the system's ssh(1): for user certificates, keys on tokens, Kerberos, ProxyCommand
 * and the like.
 */
export interface OpenSsh {
  readonly open: OpenConnection;
  /** The public keys that a host shows; only hosts on the way are logged in to. Throws an OperatorError. */
  scan(target: SshTarget, options: OpenOptions): Promise<readonly Buffer[]>;
  /** Ends all its processes and removes what it created. */
  close(): Promise<void>;
}

/**
 * A connection is one process for the login (its own control master, never one of the operator's) and one
 * more for each command. There is therefore one login per host: a token is touched once, `MaxSessions 1` is
 * enough, and ssh's messages about the login can't be mixed up with a command's output.
 */
export function createOpenSsh(): OpenSsh {
  let workshop: Promise<Workshop> | undefined;
  let keyring: Keyring | undefined;
  const workshopFor = (target: SshTarget) => {
    workshop ??= openWorkshop(target);
    workshop.catch(() => {
      workshop = undefined;
    });
    return workshop;
  };
  const jumps: Jumps = createJumps((jump, way, ring) =>
    workshopFor(jump).then((place) =>
      logIn(jump, { workshop: place, keyring: ring, jump: way, signal: undefined }),
    ),
  );
  const keyringOf = (options: OpenOptions) => {
    keyring ??= options.keyring ?? createKeyring(options.askPassphrase);
    return options.keyring ?? keyring;
  };
  return {
    async scan(target, options) {
      const place = await workshopFor(target);
      const way = await jumps.hold(target, keyringOf(options));
      try {
        return await scanByOpenSsh(target, { workshop: place, jump: way.login, signal: options.signal });
      } finally {
        way.release();
      }
    },
    async open(target, options) {
      const place = await workshopFor(target);
      const ring = keyringOf(options);
      const way = await jumps.hold(target, ring);
      try {
        const { signal } = options;
        const login = await logIn(target, { workshop: place, keyring: ring, jump: way.login, signal });
        return new OpenSshConnection(target, place, login, () => way.release());
      } catch (error) {
        way.release();
        throw error;
      }
    },
    async close() {
      await jumps.close();
      const opened = workshop;
      workshop = undefined;
      await (await opened?.catch(() => undefined))?.close();
    },
  };
}

class OpenSshConnection implements VerifiedConnection {
  readonly hostKey: string | undefined;
  readonly closed: Promise<void>;
  readonly #target: SshTarget;
  readonly #workshop: Workshop;
  readonly #login: LoggedIn['login'];

  constructor(target: SshTarget, workshop: Workshop, { login, hostKey }: LoggedIn, onEnd: () => void) {
    this.#target = target;
    this.#workshop = workshop;
    this.#login = login;
    this.hostKey = hostKey;
    this.closed = login.ended;
    login.ended.then(onEnd, onEnd);
  }

  async exec(command: string, input: ExecInput, options: ExecOptions): Promise<ExecResult> {
    if (this.#login.isOver) {
      throw new OperatorError({
        code: 'connection-lost',
        message: `the connection to ${describeTarget(this.#target)} was lost`,
        next: 'run the command again',
      });
    }
    const { watchdog } = this.#workshop;
    const place = {
      target: this.#target,
      socket: this.#login.socket,
      log: this.#workshop.path('log'),
      watchdog,
    };
    return runCommand(place, command, input, options);
  }

  async close(): Promise<void> {
    await this.#login.close();
  }
}
