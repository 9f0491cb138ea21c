import type { Query } from './snapshot.ts';

/** One thing that a handler does on the host, by systemctl(1) or a program of the host's. */
export type Action =
  | { readonly kind: 'daemon-reload' }
  | { readonly kind: 'reload'; readonly unit: string }
  | { readonly kind: 'restart'; readonly unit: string }
  | { readonly kind: 'command'; readonly argv: readonly string[] };

/**
 * What must hold after a handler, however its exit status was: a reload can succeed while the new workers
 * could not bind, and a service can be "active" while it is broken. Each is asked again until it holds or the
 * handler's time is up.
 */
export type Check =
  /** the unit is active, and stays so without being restarted for the handler's settle time */
  | { readonly kind: 'active'; readonly unit: string }
  /** something listens on the TCP port on this host */
  | { readonly kind: 'port'; readonly port: number }
  /** new nginx workers run, none of the old generation takes connections, and no new `[emerg]` was logged */
  | { readonly kind: 'nginx-workers' }
  /** GET answers 200 and the body, backslashes removed, holds every text */
  | {
      readonly kind: 'http';
      readonly url: string;
      readonly headers: readonly string[];
      readonly contains: readonly string[];
    };

/**
 * What must hold before a handler may interrupt a service. The query's exit status says it: 0 nobody is
 * there, 1 busy, anything else isn't known, which counts as busy.
 */
export interface Guard {
  readonly id: string;
  readonly query: Query;
  /** who would be interrupted, e.g. `running meetings`; undefined in what older versions recorded */
  readonly description?: string | undefined;
}

/** A restart or reload that changed steps ask for. Runs once, in the playbook's order. */
export interface Handler {
  readonly id: string;
  /** run after the files were swapped and before any handler starts; a non-zero exit status reverts */
  readonly validate: readonly string[] | undefined;
  readonly actions: readonly Action[];
  readonly checks: readonly Check[];
  /** the guards that are asked before it starts; none where it interrupts nobody */
  readonly guards: readonly Guard[];
  /** the whole of actions and checks has to be done within; seconds */
  readonly timeout: number;
  /** how long a restarted unit must stay up to count as up; seconds */
  readonly settle: number;
  /** files that it may rewrite itself, which is then reported and no reason to revert */
  readonly rewrites: readonly string[];
}
