import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { NodeSSH } from 'node-ssh';
import type { ConnectConfig, ServerHostKeyAlgorithm } from 'ssh2';
import { OperatorError, type Problem } from '../../model/operator-error.ts';
import { hostKeyAlgorithms, hostKeyFamilies, transport } from '../algorithms.ts';
import {
  authenticationProblem,
  type HandshakeError,
  handshakeProblem,
  interrupted,
  protocolProblem,
} from '../connect-problems.ts';
import type { OpenOptions, VerifiedConnection } from '../contract.ts';
import { type KnownKeys, keyProblem, readKnownKeys } from '../host-keys/host-keys.ts';
import { fingerprint, keyType } from '../host-keys/known-hosts.ts';
import { createKeyring, type Keyring } from '../keys/keyring.ts';
import type { SshTarget } from '../target.ts';
import { type Credentials, credentialsFor } from './authentication.ts';
import { SshConnection } from './connection.ts';
import { type FirstBytes, firstBytesOf } from './first-bytes.ts';
import { openStream } from './open-stream.ts';
import { offerProblem } from './server-offer.ts';

/**
 * Connects with ssh2, verifies the host's key and logs in. Throws an OperatorError: `unreachable`,
 * `connect-timeout`, `host-key-unknown`, `host-key-changed`, `host-key-revoked`, `no-such-host-key`,
 * `authentication-failed`, `connection-lost`, `no-common-algorithm`, `needs-openssh`, `ssh-protocol`,
 * `jump-host-refused`, `interrupted`.
 *
 * A pinned fingerprint does not tell the type of its key, so the types are requested one after the other
 * until the pinned key is shown.
 */
export async function connect(target: SshTarget, options: OpenOptions = {}): Promise<VerifiedConnection> {
  const keyring = options.keyring ?? createKeyring(options.askPassphrase);
  const known = await readKnownKeys(target);
  const attempts: readonly (readonly ServerHostKeyAlgorithm[])[] =
    known.pinned.length > 0 ? hostKeyFamilies : [hostKeyAlgorithms(known.types)];
  let refused: Problem | undefined;
  for (const algorithms of attempts) {
    const outcome = await logIn(target, { known, algorithms, keyring }, options);
    if ('connection' in outcome) return outcome.connection;
    const { problem } = outcome;
    if (problem.code !== 'host-key-changed' && problem.code !== 'no-such-host-key') {
      throw new OperatorError(problem);
    }
    if (refused === undefined || problem.code === 'host-key-changed') refused = problem;
  }
  throw new OperatorError(refused ?? protocolProblem(target, 'no host key was shown'));
}

interface Means {
  readonly known: KnownKeys;
  readonly algorithms: readonly ServerHostKeyAlgorithm[];
  readonly keyring: Keyring;
}

type Outcome = { readonly connection: VerifiedConnection } | { readonly problem: Problem };

/**
 * The passphrase of an encrypted key is requested only if nothing else was accepted, and never while a
 * connection waits: a host gives a person no time to type.
 */
async function logIn(target: SshTarget, means: Means, options: OpenOptions): Promise<Outcome> {
  const credentials = await credentialsFor(target, means.keyring);
  const canUnlock = means.keyring.canAsk && credentials.locked.length > 0;
  if (credentials.any || !canUnlock) {
    const outcome = await attempt(target, means, credentials, options);
    if ('connection' in outcome || outcome.problem.code !== 'authentication-failed' || !canUnlock) {
      return outcome;
    }
  }
  for (const file of credentials.locked) await means.keyring.unlock(file, undefined);
  return attempt(target, means, await credentialsFor(target, means.keyring), options);
}

async function attempt(
  target: SshTarget,
  { known, algorithms }: Means,
  credentials: Credentials,
  options: OpenOptions,
): Promise<Outcome> {
  const { signal } = options;
  let stream: Duplex;
  try {
    stream = await openStream(target, options);
  } catch (error) {
    if (error instanceof OperatorError) return { problem: error.problem };
    throw error;
  }
  const ssh = new NodeSSH();
  let refused: Problem | undefined;
  let hostKey: string | undefined;
  let isEncrypted = false;
  let banner = '';
  let first: FirstBytes | undefined;
  const config: ConnectConfig = {
    sock: stream,
    username: target.user,
    readyTimeout: target.connectTimeout * 1_000,
    keepaliveInterval: target.keepalive.interval * 1_000,
    keepaliveCountMax: target.keepalive.count,
    algorithms: { ...transport, serverHostKey: [...algorithms] },
    authHandler: credentials.handler,
    hostVerifier: (key: Buffer) => {
      hostKey = fingerprint(key);
      refused = keyProblem(target, known, { type: keyType(key), fingerprint: hostKey });
      return refused === undefined;
    },
  };
  const abort = () => stream.destroy();
  signal?.addEventListener('abort', abort, { once: true });
  const closed = new Promise<void>((resolve) => {
    stream.once('close', () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
  });
  try {
    first = firstBytesOf(stream);
    const connecting = ssh.connect(config as Parameters<NodeSSH['connect']>[0]);
    // node-ssh listens for errors only while it connects; a later reset would end the process.
    ssh.connection?.on('error', () => stream.destroy());
    ssh.connection?.on('handshake', () => {
      isEncrypted = true;
    });
    ssh.connection?.on('banner', (text) => {
      banner = text.slice(0, longestBanner);
    });
    await connecting;
    return { connection: new SshConnection(ssh, target, { closed, hostKey }) };
  } catch (thrown) {
    const error = thrown as HandshakeError;
    stream.destroy();
    if (signal?.aborted) return { problem: interrupted(target) };
    if (refused !== undefined) return { problem: refused };
    if (error.level === 'client-authentication' || /^Too many authentication failures/.test(error.message)) {
      return { problem: authenticationProblem(target, credentials, { banner, said: error.message }) };
    }
    const reached = isEncrypted ? 'login' : hasSpoken(stream) ? 'handshake' : 'silent';
    const offer = await offerProblem(target, error.message, options);
    return {
      problem: offer ?? handshakeProblem(target, error, { reached, greeting: first?.greeting() ?? '' }),
    };
  }
}

/** What a server sends before the login may explain a refusal. Characters. */
const longestBanner = 2_000;

/** Whether anything was received; unknown for a stream through another host. */
function hasSpoken(stream: Duplex): boolean {
  return !(stream instanceof Socket) || stream.bytesRead > 0;
}
