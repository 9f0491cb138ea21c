import type { Query } from './reads.ts';

/** One thing that a handler does on the host, with systemctl(1) or another program on the host. */
export type Action =
  | { readonly kind: 'daemon-reload' }
  | { readonly kind: 'reload'; readonly unit: string }
  | { readonly kind: 'restart'; readonly unit: string }
  | { readonly kind: 'command'; readonly argv: readonly string[] };

/**
 * What must hold after a handler, whatever its exit status: a reload can succeed although the new workers
 * could not bind, and a service can be "active" although it is broken. Each check is repeated until it holds
 * or the handler's time is up.
 */
export type Check =
  /** the unit is active and stays active, without a restart, for the handler's settle time */
  | { readonly kind: 'active'; readonly unit: string }
  /** something listens on the TCP port on this host */
  | { readonly kind: 'port'; readonly port: number }
  /** new nginx workers are running, no old worker accepts connections, and no new `[emerg]` was logged */
  | { readonly kind: 'nginx-workers' }
  /** a new HAProxy process listens, and nobody else does where it listens */
  | { readonly kind: 'haproxy-workers' }
  /** GET returns status 200, and the body, with backslashes removed, contains every text */
  | {
      readonly kind: 'http';
      readonly url: string;
      readonly headers: readonly string[];
      readonly contains: readonly string[];
    }
  /**
   * The same, asked as a browser would ask, on an address of the host itself and by the name in the URL. It
   * counts only where it held before the files were swapped in, so what was broken then reverts nothing.
   */
  | {
      readonly kind: 'browse';
      /** whose answer it is */
      readonly host: string;
      readonly url: string;
      readonly headers: readonly string[];
      readonly contains: readonly string[];
      /** whether the certificate must be trusted */
      readonly verified: boolean;
    };

/**
 * What must hold before a handler may interrupt a service. The query's exit status tells: 0 means that nobody
 * is there, 1 means busy, anything else means unknown, which counts as busy.
 */
export interface Guard {
  readonly id: string;
  readonly query: Query;
  /** who would be interrupted, e.g. `running meetings`; undefined in what older versions recorded */
  readonly description?: string | undefined;
}

/** A restart or reload requested by changed steps. Runs once, in the playbook's order. */
export interface Handler {
  readonly id: string;
  /**
   * runs after the files have been swapped in and before any handler starts; a non-zero exit status causes a
   * revert
   */
  readonly validate: readonly string[] | undefined;
  readonly actions: readonly Action[];
  readonly checks: readonly Check[];
  /** the guards asked before it starts; empty if it interrupts nobody */
  readonly guards: readonly Guard[];
  /** seconds within which all actions and checks must be done */
  readonly timeout: number;
  /** seconds that a restarted unit must stay up to count as up */
  readonly settle: number;
  /** files that the handler may rewrite; that is reported but causes no revert */
  readonly rewrites: readonly string[];
}

/**
 * Whether people may be cut off while it runs: by a restart or a command, or because it has guards. A reload
 * cuts nobody off.
 */
export function interruptsPeople({ guards, actions }: Pick<Handler, 'guards' | 'actions'>): boolean {
  return guards.length > 0 || actions.some(({ kind }) => kind === 'restart' || kind === 'command');
}
