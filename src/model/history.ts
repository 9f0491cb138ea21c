import type { Problem } from './operator-error.ts';
import type { RunRecord } from './transaction.ts';

/** What became of a run on one host, as that host remembers it. */
export interface RunOnHost {
  readonly host: string;
  readonly role: string;
  /** `committed`, `reverted`, …; that of the last stage that was begun there */
  readonly state: string;
  /** the records of its stages, oldest first */
  readonly records: readonly RunRecord[];
  /** why it wasn't committed */
  readonly problem: Problem | undefined;
  readonly warnings: readonly string[];
  /** how long the host worked on it; undefined where it can't be told */
  readonly durationMs: number | undefined;
}

/** A run, put together from what the hosts remember. */
export interface PastRun {
  /** id without stages */
  readonly run: string;
  readonly command: string;
  readonly operator: string;
  /** name of the machine that it was started on */
  readonly from: string;
  readonly version: string;
  /** ISO 8601, UTC, by the clock of that machine */
  readonly startedAt: string;
  /** the run that it undid */
  readonly undoes: string | undefined;
  /** the latest run that undid this one */
  readonly undoneBy: string | undefined;
  /** in the order of the inventory */
  readonly hosts: readonly RunOnHost[];
}
