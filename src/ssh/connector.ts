import { OperatorError } from '../model/operator-error.ts';
import { connect } from './connect.ts';
import type { Connection } from './connection.ts';
import { resolveTarget } from './resolve-target.ts';
import type { SshSettings } from './settings.ts';
import { asRoot } from './sudo.ts';
import { addressOf, type SshTarget } from './target.ts';
import type { AskPassphrase } from './transport.ts';

/** How a run reaches its hosts: what it found out of one is kept for the next and for the next time. */
export interface Connector {
  /** Throws an OperatorError; see connect.ts. */
  connect(settings: SshSettings, options?: ConnectOptions): Promise<Connection>;
  /** Ends what connections of a run share. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface ConnectorOptions {
  /** asked at most once for each encrypted private key */
  readonly askPassphrase?: AskPassphrase | undefined;
}

export function createConnector(options: ConnectorOptions = {}): Connector {
  const targets = new Map<SshSettings, Promise<SshTarget>>();
  /** by target, the host key that was shown first */
  const shown = new Map<string, string>();

  return {
    async connect(settings, { signal } = {}) {
      const target = await once(targets, settings, () => resolveTarget(settings));
      const connection = await connect(target, { signal, askPassphrase: options.askPassphrase });
      const { hostKey } = connection;
      const id = addressOf(target);
      const first = shown.get(id) ?? hostKey;
      if (hostKey !== undefined && first !== undefined) {
        shown.set(id, first);
        if (first !== hostKey) {
          await connection.close();
          throw otherKey(target, first, hostKey);
        }
      }
      return target.become === 'sudo' ? asRoot(connection, target) : connection;
    },
    async close() {},
  };
}

function otherKey(target: SshTarget, first: string, now: string): OperatorError {
  return new OperatorError({
    code: 'host-key-changed',
    message: `${addressOf(target)} shows another host key than earlier in this run: ${now}`,
    next: 'another machine answers at this address now; does it move between hosts (keepalived, a load balancer)? Give each host an `ssh.address` of its own',
    detail: `first it was ${first}; both are known`,
  });
}

/** What is asked for again while it is on its way comes from the first time; a failure isn't kept. */
function once<Key, Value>(
  known: Map<Key, Promise<Value>>,
  key: Key,
  find: () => Promise<Value>,
): Promise<Value> {
  const before = known.get(key);
  if (before !== undefined) return before;
  const found = find();
  known.set(key, found);
  found.catch(() => known.delete(key));
  return found;
}
