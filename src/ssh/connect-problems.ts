import type { Problem } from '../model/operator-error.ts';
import { heard } from '../secrets/showable.ts';
import { addressOf, describeTarget, type SshTarget } from './target.ts';
import { turnedAway } from './turned-away.ts';

/** An error from ssh2: `level` names the part that raised it. */
export interface HandshakeError extends Error {
  readonly level?: string;
  readonly code?: string | number | null;
}

/** Why the socket couldn't be opened. */
export function socketProblem(target: SshTarget, error: NodeJS.ErrnoException): Problem {
  const where = addressOf(target);
  const detail = error.message;
  // With several addresses, the first cause is as good as any.
  const code = error.code ?? (error as { errors?: NodeJS.ErrnoException[] }).errors?.[0]?.code;
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return {
        code: 'unreachable',
        message: `the name ${target.host} doesn't resolve on this machine`,
        next: 'check the spelling, or set `ssh.address` for the host in the inventory; if only a jump host can resolve the name, set `ssh.proxy_jump`, or ProxyJump in your ssh configuration',
        detail,
      };
    case 'ECONNREFUSED':
      return {
        code: 'unreachable',
        message: `${where} refuses connections`,
        next: 'check that sshd is running there and listens on this port, or set `ssh.port` in the inventory',
        detail,
      };
    case 'ETIMEDOUT':
      return tooLate(target);
    default:
      return {
        code: 'unreachable',
        message: `${where} can't be reached (${code ?? heard(error.message)})`,
        next: 'check the network and the firewalls between here and there',
        detail,
      };
  }
}

/** How far the connection got: no byte received, handshake begun, or login begun. */
export type Reached = 'silent' | 'handshake' | 'login';

/** What is known of a handshake that failed. */
export interface Handshake {
  readonly reached: Reached;
  /** what the server sent before its version, or instead of it */
  readonly greeting: string;
}

export function handshakeProblem(
  target: SshTarget,
  error: HandshakeError,
  { reached, greeting }: Handshake,
): Problem {
  const dropped = turnedAway(target, greeting);
  if (dropped !== undefined) return dropped;
  if (error.level === 'client-timeout') return tooLate(target, reached);
  if (/no matching host key/i.test(error.message)) {
    return {
      ...protocolProblem(target, error.message),
      code: 'no-such-host-key',
    };
  }
  const hungUp = /^Connection lost|ECONNRESET|EPIPE/.test(error.message);
  if (!hungUp && (error.level === 'handshake' || error.level === 'protocol')) {
    return protocolProblem(target, error.message);
  }
  return {
    code: 'connection-lost',
    message: `${addressOf(target)} closed the connection before the login was complete`,
    next: 'too many logins at once can exceed MaxStartups in its sshd_config; fail2ban or a firewall may also have blocked this machine',
    detail: error.message,
  };
}

/** What was tried, whichever transport tried it. */
export interface Tried {
  /** what was tried and what could not be tried, one line each, for the message shown when all ways failed */
  readonly tried: readonly string[];
  /** encrypted keys that have not been opened and that no agent holds */
  readonly locked: readonly string[];
  /** there is something to log in with */
  readonly any: boolean;
  /** the server took a key or a password, and then asked for more (RFC 4252, 5.1, "partial success") */
  readonly accepted: boolean;
  /** the methods with which the login could have gone on, by the server's last answer */
  readonly left: readonly string[];
}

/** What became of a key or a password. */
export const acceptedButMore = 'accepted, but the server asks for more';
export const refusedByServer = 'refused by the server';

export function authenticationProblem(
  target: SshTarget,
  credentials: Tried,
  { banner, said }: { readonly banner: string; readonly said: string },
): Problem {
  const notes = credentials.tried.length === 0 ? ['no key was found'] : credentials.tried;
  const detail = banner.trim() === '' ? undefined : `the server's banner: ${banner.trim()}`;
  if (/^Too many/.test(said)) {
    return {
      code: 'authentication-failed',
      message: `${describeTarget(target)} closed the connection after too many keys that it does not accept`,
      next: 'name the right key under ssh.identity_files in the inventory, so that it is tried first',
      notes,
      detail,
    };
  }
  if (credentials.accepted) {
    const more = credentials.left.length === 0 ? '' : ` (${credentials.left.join(', ')})`;
    return {
      code: 'authentication-failed',
      message: `${describeTarget(target)}: the server accepted a key or the password, and asks for more than that${more}`,
      next: secondFactor(target, credentials),
      notes,
      detail,
    };
  }
  return {
    code: 'authentication-failed',
    message: `${describeTarget(target)}: ${whatFailed(target, credentials)}`,
    next: howToLogIn(target, credentials),
    notes,
    detail,
  };
}

function whatFailed(target: SshTarget, credentials: Tried): string {
  if (!credentials.any) {
    return credentials.locked.length > 0
      ? 'the only keys are encrypted and could not be opened'
      : 'this machine has nothing to log in with';
  }
  return target.password === undefined
    ? "none of this machine's keys were accepted"
    : 'neither a key nor the password was accepted';
}

function howToLogIn(target: SshTarget, { locked: [locked] }: Tried): string {
  if (locked !== undefined) {
    return `${locked} is encrypted: unlock it for this session with \`ssh-add ${locked}\`, or set ssh.passphrase in the inventory`;
  }
  return `try \`ssh -p ${target.port} ${target.user}@${target.host}\`; set ssh.user and ssh.identity_files in the inventory, or install the key there with ssh-copy-id`;
}

/** AuthenticationMethods of sshd_config(5). */
function secondFactor(target: SshTarget, { left }: Tried): string {
  const takesPassword = left.some((method) => method === 'password' || method === 'keyboard-interactive');
  const password =
    target.password === undefined && takesPassword
      ? 'set ssh.password in the inventory if it is a password that is asked for. If it is a code, '
      : '';
  return `${password}a program can't enter it: let a key be enough for this account, with \`Match User ${target.user}\` and \`AuthenticationMethods publickey\` in the host's sshd_config, or use another account`;
}

export function protocolProblem(target: SshTarget, words: string): Problem {
  return {
    code: 'ssh-protocol',
    message: `${addressOf(target)} and this program could not agree on a protocol: ${heard(words)}`,
    next: 'check that this is an sshd, of OpenSSH 7.0 or later',
    detail: words,
  };
}

/** If nothing was reached, no connection was made either. */
export function tooLate(target: SshTarget, reached?: Reached): Problem {
  const seconds = `within ${target.connectTimeout} seconds`;
  const wait = 'set ssh.connect_timeout in the inventory to wait longer';
  switch (reached) {
    case undefined:
      return {
        code: 'connect-timeout',
        message: `${addressOf(target)} did not answer ${seconds}`,
        next: `check that the host is up and that no firewall drops the packets; ${wait}`,
      };
    case 'silent':
      return {
        code: 'connect-timeout',
        message: `${addressOf(target)} accepted the connection but sent nothing ${seconds}`,
        next: `check that sshd is what listens there; a host that hangs or is out of memory also behaves like this; ${wait}`,
      };
    case 'handshake':
      return {
        code: 'connect-timeout',
        message: `${addressOf(target)} began to answer, then sent nothing more: no handshake ${seconds}`,
        next: `check for a network that drops large packets (MTU, VPN) and for high load on the host; ${wait}`,
      };
    case 'login':
      return {
        code: 'connect-timeout',
        message: `${describeTarget(target)}: the login did not complete ${seconds}`,
        next: `check whether its name resolution (UseDNS), PAM or directory service is slow; ${wait}`,
      };
  }
}

export function interrupted(target: SshTarget): Problem {
  return {
    code: 'interrupted',
    message: `the connection to ${addressOf(target)} was abandoned because the run was interrupted`,
  };
}
