import { setTimeout as sleep } from 'node:timers/promises';
import { OperatorError } from '../model/operator-error.ts';
import { over } from './choose-transport.ts';
import { createConfigLookup } from './config/config-lookup.ts';
import type { Connection, OpenOptions, VerifiedConnection } from './contract.ts';
import { findInPath } from './find-in-path.ts';
import type { AskPassphrase } from './keys/keyring.ts';
import { createKeyring } from './keys/keyring.ts';
import type { OpenSsh } from './openssh/open-ssh.ts';
import { remembered } from './remembered.ts';
import { resolveTarget } from './resolve-target.ts';
import type { SshSettings } from './settings.ts';
import { createBastions } from './ssh2/bastions.ts';
import { connect } from './ssh2/connect.ts';
import { scanHostKeys } from './ssh2/scan-host-keys.ts';
import { asRoot } from './sudo/sudo.ts';
import { addressOf, type SshTarget } from './target.ts';

/**
 * How a run reaches its hosts. What it learns about a host is kept for later connections and for other hosts.
 */
export interface Connector {
  /** Determines how to reach a host. Throws an OperatorError; see resolve-target.ts. */
  resolve(settings: SshSettings): Promise<SshTarget>;
  /**
   * Connects, as root if the settings ask for it. Throws an OperatorError; see resolve-target.ts and
   * connect.ts. A host that shows a different key than earlier in the run is refused with `host-key-changed`,
   * even if both keys are known.
   */
  connect(settings: SshSettings, options?: ConnectOptions): Promise<Connection>;
  /**
   * The public keys that a host shows, without a login; see scan-host-keys.ts. Hosts on the way are verified
   * as usual. Throws an OperatorError.
   */
  scan(target: SshTarget, options?: ConnectOptions): Promise<readonly Buffer[]>;
  /** Ends everything that the connections of a run share. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface ConnectorOptions {
  /** called for one encrypted private key at a time, once for all hosts; undefined: nobody can be asked */
  readonly askPassphrase?: AskPassphrase | undefined;
}

export function createConnector({ askPassphrase }: ConnectorOptions = {}): Connector {
  const lookup = createConfigLookup();
  const keyring = createKeyring(askPassphrase);
  const targets = new Map<SshSettings, Promise<SshTarget>>();
  const firstKeys = new Map<string, string>();
  const bastions = createBastions(async (jump, others) =>
    refuseOtherKey(
      jump,
      await patiently(() => connect(jump, { keyring, bastions: others }), undefined),
      firstKeys,
    ),
  );

  /** Loaded only if it is needed. */
  let openSsh: Promise<OpenSsh> | undefined;
  const systemSsh = () => {
    openSsh ??= import('./openssh/open-ssh.ts').then(({ createOpenSsh }) => createOpenSsh());
    return openSsh;
  };
  const openBy = async (target: SshTarget, options: OpenOptions): Promise<VerifiedConnection> => {
    return target.transport === 'node' ? connect(target, options) : (await systemSsh()).open(target, options);
  };
  const scanBy = async (target: SshTarget, options: OpenOptions): Promise<readonly Buffer[]> => {
    const isUsual = target.transport === 'node';
    return isUsual ? scanHostKeys(target, options) : (await systemSsh()).scan(target, options);
  };

  const resolve = (settings: SshSettings): Promise<SshTarget> =>
    remembered(targets, settings, () => resolveTarget(settings, lookup, keyring));

  /** Falls back from ssh2 to ssh(1) if it turns out only now that ssh2 can't connect to the host. */
  const open = async (settings: SshSettings, options: OpenOptions) => {
    const target = await resolve(settings);
    try {
      return { target, connection: await patiently(() => openBy(target, options), options.signal) };
    } catch (error) {
      if (!(error instanceof OperatorError) || error.code !== 'needs-openssh') throw error;
      const isFree = settings.transport === undefined || settings.transport === 'auto';
      if (!isFree || (await findInPath('ssh')) === undefined) throw error;
      const other = over(target, 'openssh', error.message);
      targets.set(settings, Promise.resolve(other));
      return { target: other, connection: await openBy(other, options) };
    }
  };

  return {
    resolve,
    scan: (target, { signal } = {}) =>
      patiently(() => scanBy(target, { signal, askPassphrase, keyring, bastions }), signal),
    async connect(settings, { signal } = {}) {
      const opened = await open(settings, { signal, askPassphrase, keyring, bastions });
      const connection = await refuseOtherKey(opened.target, opened.connection, firstKeys);
      return opened.target.become === 'sudo' ? asRoot(connection, opened.target) : connection;
    },
    async close() {
      await Promise.all([bastions.close(), openSsh?.then((one) => one.close())]);
    },
  };
}

/** Pauses before another login attempt; milliseconds. */
const pauses = [300, 1_200];

/**
 * Tries again if a host closed the connection before the login was complete: with many logins at once sshd
 * does that at random (MaxStartups), and nothing has been started there.
 */
async function patiently<Result>(
  open: () => Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  for (const pause of pauses) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof OperatorError) || error.code !== 'connection-lost' || signal?.aborted)
        throw error;
    }
    await sleep(pause * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
  }
  return open();
}

/** `first`: by address, the fingerprint of the host key shown first in this run. */
async function refuseOtherKey(
  target: SshTarget,
  connection: VerifiedConnection,
  first: Map<string, string>,
): Promise<VerifiedConnection> {
  const { hostKey } = connection;
  if (hostKey === undefined) return connection;
  const before = remembered(first, addressOf(target), () => hostKey);
  if (before === hostKey) return connection;
  await connection.close();
  throw new OperatorError({
    code: 'host-key-changed',
    message: `${addressOf(target)} shows a different host key than earlier in this run: ${hostKey}`,
    next: 'a different machine now answers at this address. If the address moves between hosts (keepalived, a load balancer), give each host its own `ssh.address`',
    detail: `earlier it was ${before}; both keys are known`,
  });
}
