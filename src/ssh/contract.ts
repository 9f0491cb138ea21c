import type { Duplex } from 'node:stream';
import type { AskPassphrase, Keyring } from './keys/keyring.ts';
import type { SshTarget } from './target.ts';

export interface ExecOptions {
  /**
   * seconds until the command is given up; what it does on the host goes on unless it has a time limit there
   * as well
   */
  readonly timeout: number;
  /** bytes of stdout that are taken; more is an error */
  readonly maximumOutput: number;
  readonly onOutput?: (chunk: Buffer) => void;
  /** all that comes on stderr; of what is returned only the beginning is kept */
  readonly onErrorOutput?: (chunk: Buffer) => void;
}

/**
 * What goes to a command's stdin, at the pace at which it reads. It is left half-way where the command ends
 * before.
 */
export type ExecInput = Buffer | Iterable<Buffer> | AsyncIterable<Buffer>;

/** What a command said. `code` null: the connection or the command was cut off, its outcome is not known. */
export interface ExecResult {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** An authenticated connection to a host whose key was verified. */
export interface Connection {
  /**
   * Runs a command with `input` on its stdin, as root where the host's settings say so. Throws an
   * OperatorError `command-timeout`, `output-too-long`, `connection-lost` (nothing was started), or one of
   * sudo's. Never twice for one call.
   */
  exec(command: string, input: ExecInput, options: ExecOptions): Promise<ExecResult>;
  close(): Promise<void>;
}

/**
 * Connects to a target, verifies its host key and logs in. The connection runs commands as who logs in: what
 * `become` asks for is added by the connector. Throws an OperatorError.
 */
export type OpenConnection = (target: SshTarget, options: OpenOptions) => Promise<VerifiedConnection>;

export interface OpenOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Asked where a private key is encrypted and the target has no passphrase for it; the answer counts for the
   * whole run. Undefined: nobody can be asked, or nothing was answered.
   */
  readonly askPassphrase?: AskPassphrase | undefined;
  /** what a run shares; `node` only */
  readonly keyring?: Keyring | undefined;
  readonly bastions?: Bastions | undefined;
}

export interface VerifiedConnection extends Connection {
  /** fingerprint (`SHA256:…`) of the host key that was verified; undefined where the transport can't tell */
  readonly hostKey: string | undefined;
  /** resolves when it's over, however that came */
  readonly closed?: Promise<void>;
  /** A stream to another host, as seen from this one; `node` only. */
  forward?(host: string, port: number): Promise<Duplex>;
}

/**
 * Connections to jump hosts: one for each, whatever lies behind it, for as long as anything goes through it.
 */
export interface Bastions {
  /** A stream from a jump host to what it can reach. Throws an OperatorError. */
  open(jump: SshTarget, to: SshTarget): Promise<Duplex>;
  close(): Promise<void>;
}
