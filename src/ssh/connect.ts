import net from 'node:net';
import { NodeSSH } from 'node-ssh';
import type { ConnectConfig, ServerHostKeyAlgorithm } from 'ssh2';
import { OperatorError, type Problem } from '../model/operator-error.ts';
import { hostKeyAlgorithms, hostKeyFamilies, transport } from './algorithms.ts';
import { type Credentials, credentialsFor } from './authentication.ts';
import { SshConnection } from './connection.ts';
import { type KnownKeys, keyProblem, readKnownKeys } from './host-keys.ts';
import { fingerprint } from './known-hosts.ts';
import { addressOf, describeTarget, type SshTarget } from './target.ts';
import type { OpenOptions, VerifiedConnection } from './transport.ts';

/**
 * Connects, verifies the host's key and logs in. Throws an OperatorError: `unreachable`, `connect-timeout`,
 * `host-key-unknown`, `host-key-changed`, `host-key-revoked`, `authentication-failed`, `connection-lost`,
 * `ssh-protocol`, `interrupted`.
 *
 * A pinned fingerprint doesn't tell of which type its key is, so the types are asked for one after the other until the
 * pinned key shows up.
 */
export async function connect(target: SshTarget, options: OpenOptions = {}): Promise<VerifiedConnection> {
  const known = await readKnownKeys(target);
  const attempts: readonly (readonly ServerHostKeyAlgorithm[])[] =
    known.pinned.length > 0 ? hostKeyFamilies : [hostKeyAlgorithms(known.types)];
  let refused: Problem | undefined;
  for (const algorithms of attempts) {
    const outcome = await attempt(target, known, algorithms, options.signal);
    if ('connection' in outcome) return outcome.connection;
    if (outcome.problem.code === 'host-key-changed' || outcome.problem.code === 'no-such-host-key') {
      if (refused === undefined || outcome.problem.code === 'host-key-changed') refused = outcome.problem;
      continue;
    }
    throw new OperatorError(outcome.problem);
  }
  throw new OperatorError(refused ?? protocolProblem(target, 'no host key was shown'));
}

type Outcome = { readonly connection: VerifiedConnection } | { readonly problem: Problem };

async function attempt(
  target: SshTarget,
  known: KnownKeys,
  algorithms: readonly ServerHostKeyAlgorithm[],
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const credentials = await credentialsFor(target);
  const socket = await openSocket(target, signal);
  if (!(socket instanceof net.Socket)) return socket;
  const ssh = new NodeSSH();
  let refused: Problem | undefined;
  let hostKey: string | undefined;
  const config: ConnectConfig = {
    sock: socket,
    username: target.user,
    readyTimeout: target.connectTimeout * 1_000,
    keepaliveInterval: target.keepalive.interval * 1_000,
    keepaliveCountMax: target.keepalive.count,
    algorithms: { ...transport, serverHostKey: [...algorithms] },
    authHandler: credentials.handler,
    hostVerifier: (key: Buffer) => {
      refused = keyProblem(target, known, key);
      hostKey = fingerprint(key);
      return refused === undefined;
    },
  };
  const abort = () => socket.destroy();
  signal?.addEventListener('abort', abort, { once: true });
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
  });
  try {
    const connecting = ssh.connect(config as Parameters<NodeSSH['connect']>[0]);
    // node-ssh listens for errors only while it connects; a reset later would end the process.
    ssh.connection?.on('error', () => socket.destroy());
    await connecting;
    return { connection: new SshConnection(ssh, target, { closed, hostKey }) };
  } catch (error) {
    socket.destroy();
    if (signal?.aborted) return { problem: interrupted(target) };
    return { problem: refused ?? handshakeProblem(target, error as HandshakeError, credentials) };
  }
}

/** A socket of our own because ssh2's never sets TCP_NODELAY, which makes each command 40 ms slower. */
async function openSocket(
  target: SshTarget,
  signal: AbortSignal | undefined,
): Promise<net.Socket | { readonly problem: Problem }> {
  if (signal?.aborted) return { problem: interrupted(target) };
  return new Promise((resolve) => {
    const socket = net.connect({ host: target.host, port: target.port, noDelay: true, keepAlive: true });
    const end = (problem: Problem) => {
      done();
      socket.destroy();
      resolve({ problem });
    };
    const deadline = setTimeout(() => end(tooLate(target)), target.connectTimeout * 1_000);
    const abort = () => end(interrupted(target));
    const done = () => {
      clearTimeout(deadline);
      signal?.removeEventListener('abort', abort);
    };
    signal?.addEventListener('abort', abort, { once: true });
    socket.on('error', (error: NodeJS.ErrnoException) => end(socketProblem(target, error)));
    socket.once('connect', () => {
      done();
      socket.removeAllListeners('error');
      // Never without a listener: a reset before ssh2 has its own would end the process.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

function socketProblem(target: SshTarget, error: NodeJS.ErrnoException): Problem {
  const where = addressOf(target);
  const detail = error.message;
  // With several addresses the first cause is as good as any.
  const code = error.code ?? (error as { errors?: NodeJS.ErrnoException[] }).errors?.[0]?.code;
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return {
        code: 'unreachable',
        message: `the name ${target.host} doesn't resolve on this machine`,
        next: 'check the spelling, or give the host an `ssh.address` in the inventory',
        detail,
      };
    case 'ECONNREFUSED':
      return {
        code: 'unreachable',
        message: `${where} refuses connections`,
        next: 'is sshd running there, and on this port? Otherwise set `ssh.port` in the inventory',
        detail,
      };
    case 'ETIMEDOUT':
      return tooLate(target);
    default:
      return {
        code: 'unreachable',
        message: `${where} can't be reached (${code ?? error.message})`,
        next: 'check the network and the firewalls between here and there',
        detail,
      };
  }
}

interface HandshakeError extends Error {
  readonly level?: string;
  readonly code?: string | null;
}

function handshakeProblem(target: SshTarget, error: HandshakeError, credentials: Credentials): Problem {
  if (error.level === 'client-timeout') return tooLate(target);
  if (error.level === 'client-authentication') return authenticationProblem(target, credentials);
  if (/no matching host key/i.test(error.message)) {
    return { ...protocolProblem(target, error.message), code: 'no-such-host-key' };
  }
  const hungUp = /^Connection lost/.test(error.message);
  if (!hungUp && (error.level === 'handshake' || error.level === 'protocol')) {
    return protocolProblem(target, error.message);
  }
  return {
    code: 'connection-lost',
    message: `${addressOf(target)} closed the connection before the login was done`,
    next: 'many logins at once can meet MaxStartups in its sshd_config; fail2ban or a firewall may have shut this machine out',
    detail: error.message,
  };
}

function authenticationProblem(target: SshTarget, credentials: Credentials): Problem {
  const locked = credentials.encrypted[0];
  return {
    code: 'authentication-failed',
    message: `${describeTarget(target)}: none of this machine's keys was accepted`,
    next:
      locked === undefined
        ? `try \`ssh -p ${target.port} ${target.user}@${target.host}\`; set ssh.user and ssh.identity_files in the inventory, or ssh-copy-id the key`
        : `${locked} is encrypted: unlock it for this session with \`ssh-add ${locked}\``,
    detail: credentials.tried.length === 0 ? 'no key was found' : credentials.tried.join('\n'),
  };
}

function protocolProblem(target: SshTarget, words: string): Problem {
  return {
    code: 'ssh-protocol',
    message: `${addressOf(target)} and this program don't agree on how to talk: ${words}`,
    next: 'is this really an sshd, and one of OpenSSH 7.0 or later?',
    detail: words,
  };
}

function tooLate(target: SshTarget): Problem {
  return {
    code: 'connect-timeout',
    message: `${addressOf(target)} didn't answer within ${target.connectTimeout} seconds`,
    next: 'is the host up, and does a firewall drop the packets? ssh.connect_timeout in the inventory sets how long to wait',
  };
}

function interrupted(target: SshTarget): Problem {
  return {
    code: 'interrupted',
    message: `the connection to ${addressOf(target)} was given up because the run was interrupted`,
  };
}
