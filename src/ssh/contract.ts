import type { Duplex } from 'node:stream';
import type { AskPassphrase, Keyring } from './keys/keyring.ts';
import type { SshTarget } from './target.ts';

export interface ExecOptions {
  /**
   * seconds before the command is abandoned; on the host it continues unless it has a time limit there too
   */
  readonly timeout: number;
  /** maximum number of bytes accepted on stdout; more is an error */
  readonly maximumOutput: number;
  readonly onOutput?: (chunk: Buffer) => void;
  /** receives everything from stderr; only the beginning is kept in the result */
  readonly onErrorOutput?: (chunk: Buffer) => void;
}

/**
 * What goes to a command's stdin, as fast as the command reads it. Writing stops if the command ends early.
 */
export type ExecInput = Buffer | Iterable<Buffer> | AsyncIterable<Buffer>;

/**
 * The output of a command. `code` null: the connection or the command was cut off, and its outcome is
 * unknown.
 */
export interface ExecResult {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** An authenticated connection to a host whose key was verified. */
export interface Connection {
  /**
   * Runs a command with `input` on its stdin, as root if the host's settings ask for it. Throws an
   * OperatorError `command-timeout`, `output-too-long`, `connection-lost` (nothing was started), or one of
   * sudo's. Never runs a command twice for one call.
   */
  exec(command: string, input: ExecInput, options: ExecOptions): Promise<ExecResult>;
  close(): Promise<void>;
}

/**
 * Connects to a target, verifies its host key and logs in. The connection runs commands as the user who logs
 * in: the connector adds what `become` asks for. Throws an OperatorError.
 */
export type OpenConnection = (target: SshTarget, options: OpenOptions) => Promise<VerifiedConnection>;

export interface OpenOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Called if a private key is encrypted and the target has no passphrase for it; the answer is kept for the
   * whole run. Undefined: nobody can be asked, or no answer was given.
   */
  readonly askPassphrase?: AskPassphrase | undefined;
  /** what the connections of a run share; `node` only */
  readonly keyring?: Keyring | undefined;
  readonly bastions?: Bastions | undefined;
}

export interface VerifiedConnection extends Connection {
  /** fingerprint (`SHA256:…`) of the verified host key; undefined if the transport can't tell */
  readonly hostKey: string | undefined;
  /** resolves when the connection has ended, for whatever reason */
  readonly closed?: Promise<void>;
  /** A stream to another host, as seen from this one; `node` only. */
  forward?(host: string, port: number): Promise<Duplex>;
}

/** Connections to jump hosts: one per jump host, whatever is behind it, open for as long as it is in use. */
export interface Bastions {
  /** A stream from a jump host to what it can reach. Throws an OperatorError. */
  open(jump: SshTarget, to: SshTarget): Promise<Duplex>;
  close(): Promise<void>;
}
