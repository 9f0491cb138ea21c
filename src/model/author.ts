/** Who changed something on a host after the last run, as far as the host's own evidence says so. */
export interface Author {
  readonly kind: 'package' | 'script' | 'manager' | 'person' | 'cron' | 'unknown';
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

/** A line of a host's log that may tell who changed something. Times in seconds since the epoch. */
export type Trace =
  | {
      readonly kind: 'package';
      readonly name: string;
      readonly version: string;
      readonly from: number;
      readonly to: number;
      /** when its maintainer scripts began to run */
      readonly configuredAt: number | undefined;
      /** that of the package's own file, in hex; undefined if it is known for no such file */
      readonly md5: string | undefined;
      /** when dpkg was told what to do with a configuration file, and what that was */
      readonly conffile: { readonly at: number; readonly decision: string } | undefined;
    }
  | {
      readonly kind: 'person' | 'cron';
      readonly name: string;
      readonly from: number;
      /** when the command ended, where the log says so */
      readonly to: number | undefined;
    }
  | {
      readonly kind: 'script';
      readonly name: string;
      readonly from: number;
      readonly to: number | undefined;
    }
  | { readonly kind: 'manager'; readonly name: string; readonly from: number };

/** Something managed that has changed since the last run. */
export interface ChangedSince {
  /** seconds since the epoch by the host's clock; of what is gone, when its folder changed last */
  readonly at: number;
  readonly clock: string;
  /** the host's clock was set back or forward within an hour of it, so its logs can't be compared with it */
  readonly ambiguous: boolean;
  readonly traces: readonly Trace[];
}
