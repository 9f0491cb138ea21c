import type { Duplex } from 'node:stream';
import type { Bastions } from './bastions.ts';
import type { Connection } from './connection.ts';
import type { Keyring } from './keyring.ts';
import type { SshTarget } from './target.ts';

/**
 * Connects to a target, verifies its host key and logs in. The connection runs commands as who logs in: what `become` asks
 * for is added by the connector. Throws an OperatorError.
 */
export type OpenConnection = (target: SshTarget, options: OpenOptions) => Promise<VerifiedConnection>;

export interface OpenOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Asked where a private key is encrypted and the target has no passphrase for it; the answer counts for the whole run.
   * Undefined: nobody can be asked, or nothing was answered.
   */
  readonly askPassphrase?: AskPassphrase | undefined;
  /** what a run shares; `node` only */
  readonly keyring?: Keyring | undefined;
  readonly bastions?: Bastions | undefined;
}

/** `attempt` counts from 1: above it, the answer before didn't open the key. */
export type AskPassphrase = (file: string, attempt: number) => Promise<string | undefined>;

export interface VerifiedConnection extends Connection {
  /** fingerprint (`SHA256:…`) of the host key that was verified; undefined where the transport can't tell */
  readonly hostKey: string | undefined;
  /** resolves when it's over, however that came */
  readonly closed?: Promise<void>;
  /** A stream to another host, as seen from this one; `node` only. */
  forward?(host: string, port: number): Promise<Duplex>;
}
