export const authorKinds = ['package', 'script', 'manager', 'person', 'cron', 'unknown'] as const;

/** Who changed something on a host after the last run, as far as the host's own evidence says so. */
export interface Author {
  readonly kind: (typeof authorKinds)[number];
  /** of the package, script, configuration manager or person; for cron the account whose job it is */
  readonly name?: string | undefined;
  /** of the package */
  readonly version?: string | undefined;
  /** when it was changed; seconds since the epoch by the host's clock */
  readonly at?: number | undefined;
  /** that time as the host's own clock showed it, such as `Tuesday 03:12` */
  readonly clock?: string | undefined;
  /** how it is known, or why it isn't; never anything that somebody typed */
  readonly evidence: string;
}

/** What a host's logs know of who may have changed something. Times in seconds since the epoch. */
export type Trace =
  | {
      readonly kind: 'package';
      readonly name: string;
      readonly version: string;
      readonly from: number;
      readonly to: number;
      /** when its maintainer scripts began to run */
      readonly configuredAt: number | undefined;
      /** md5, or with rpm sha256, of the package's own file, in hex; undefined if it isn't known */
      readonly sum: string | undefined;
      /** when dpkg was told what to do with this configuration file, and what that was */
      readonly conffile: { readonly at: number; readonly decision: string } | undefined;
    }
  | {
      readonly kind: 'person' | 'script';
      readonly name: string;
      readonly from: number;
      /** it had surely not ended before; undefined where the log doesn't say */
      readonly to: number | undefined;
      /** it had surely ended by then */
      readonly perhaps: number | undefined;
    }
  /** a shell, or a login, of root, in which nothing is logged; its person */
  | {
      readonly kind: 'shell';
      readonly name: string;
      readonly from: number;
      readonly perhaps: number | undefined;
    }
  /** the kernel's own record that somebody wrote it */
  | { readonly kind: 'audit'; readonly name: string; readonly from: number }
  | { readonly kind: 'cron'; readonly name: string; readonly from: number }
  | { readonly kind: 'manager'; readonly name: string; readonly from: number };

/** Something managed that has changed since the last run. */
export interface ChangedSince {
  /** seconds since the epoch by the host's clock; of what is gone, when its folder changed last */
  readonly at: number;
  readonly clock: string;
  /** the host's clock was set back or forward within an hour of it, so its logs can't be compared with it */
  readonly ambiguous: boolean;
  /**
   * why no log was read for it: it changed too long ago, too many have changed, or the host can't tell what
   * its clock showed then
   */
  readonly unread?: 'old' | 'many' | 'no-clock' | undefined;
  /** how far the logs could be read in time */
  readonly read: 'all' | 'packages' | 'none';
  readonly traces: readonly Trace[];
}
