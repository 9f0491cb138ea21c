import { OperatorError } from '../../model/operator-error.ts';
import type { Keyring } from '../keys/keyring.ts';
import { describeTarget, type SshTarget } from '../target.ts';
import type { Login } from './login.ts';
import type { LoggedIn } from './reach-host.ts';

/** Logins on jump hosts: one per jump host, whatever is behind it, open for as long as it is in use. */
export interface Jumps {
  /** The path to a target: the login on the last host before it. Throws an OperatorError. */
  hold(target: SshTarget, keyring: Keyring): Promise<Way>;
  close(): Promise<void>;
}

export interface Way {
  /** undefined: there is no jump host */
  readonly login: Login | undefined;
  release(): void;
}

/** How long an unused login stays open for the next step of a run. Milliseconds. */
const idleTime = 5_000;

interface Jump {
  readonly login: Promise<LoggedIn>;
  users: number;
  idle: NodeJS.Timeout | undefined;
}

export function createJumps(
  logIn: (jump: SshTarget, way: Login | undefined, keyring: Keyring) => Promise<LoggedIn>,
): Jumps {
  const known = new Map<string, Jump>();

  const jumps: Jumps = {
    async hold(target, keyring) {
      const host = target.jumps.at(-1);
      if (host === undefined) return { login: undefined, release() {} };
      const id = [...host.jumps, host].map(describeTarget).join(' ');
      let jump = known.get(id);
      if (jump === undefined) {
        jump = { login: reach(host, keyring), users: 0, idle: undefined };
        known.set(id, jump);
        const forget = () => known.get(id) === jump && known.delete(id);
        jump.login.then(({ login }) => login.ended.then(forget), forget);
      }
      return use(jump);
    },
    async close() {
      const all = [...known.values()];
      known.clear();
      // Those behind other jump hosts first: they were opened later.
      for (const { login, idle } of all.reverse()) {
        clearTimeout(idle);
        await login.then((one) => one.login.close()).catch(() => undefined);
      }
    },
  };

  /** Without the signal of the first caller: the login serves all. */
  async function reach(host: SshTarget, keyring: Keyring): Promise<LoggedIn> {
    const way = await jumps.hold(host, keyring);
    try {
      const loggedIn = await logIn(host, way.login, keyring);
      loggedIn.login.ended.then(way.release, way.release);
      return loggedIn;
    } catch (error) {
      way.release();
      if (!(error instanceof OperatorError)) throw error;
      const { problem } = error;
      throw new OperatorError({ ...problem, message: `on the way to it: ${problem.message}` });
    }
  }

  async function use(jump: Jump): Promise<Way> {
    clearTimeout(jump.idle);
    jump.users++;
    let isHeld = true;
    const release = () => {
      if (!isHeld) return;
      isHeld = false;
      jump.users--;
      if (jump.users > 0) return;
      jump.idle = setTimeout(() => {
        jump.login.then(({ login }) => login.close()).catch(() => undefined);
      }, idleTime);
      jump.idle.unref();
    };
    try {
      return { login: (await jump.login).login, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  return jumps;
}
