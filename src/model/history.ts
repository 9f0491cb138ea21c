import type { Problem } from './operator-error.ts';
import type { QueuedRun } from './queue.ts';
import type { RunRecord } from './transaction.ts';
import type { UpgradedPackage } from './upgrade.ts';

/** How a run ended on one host, according to that host's records. */
export interface RunOnHost {
  readonly host: string;
  readonly role: string;
  /** `committed`, `reverted`, …: the state of the last stage that was started there */
  readonly state: string;
  /** the records of its stages, oldest first */
  readonly records: readonly RunRecord[];
  /** ids of the handlers that were started */
  readonly ran: readonly string[];
  /** the latest run that undid it on this host */
  readonly undoneBy: string | undefined;
  /** why it wasn't committed */
  readonly problem: Problem | undefined;
  readonly warnings: readonly string[];
  /** what it waits for; undefined unless its state is `queued` */
  readonly queued?: QueuedRun | undefined;
  /** what an upgrade made of packages */
  readonly upgraded?: readonly UpgradedPackage[] | undefined;
  /** how long the host worked on it; undefined if unknown */
  readonly durationMs: number | undefined;
}

/** A run, put together from the hosts' records. */
export interface PastRun {
  /** run id without a stage suffix */
  readonly run: string;
  readonly command: string;
  readonly operator: string;
  /** name of the machine on which it was started */
  readonly from: string;
  readonly version: string;
  /** ISO 8601, UTC, by that machine's clock */
  readonly startedAt: string;
  /** the operator said that people may be interrupted outside a window, or by day */
  readonly now?: true | undefined;
  /** the operator said that a balancer may take hosts with people for dead while they are changed */
  readonly despitePolls?: true | undefined;
  /** the run that it undid */
  readonly undoes: string | undefined;
  /** the latest run that undid this one, if it is undone on every host that it changed */
  readonly undoneBy: string | undefined;
  /** in the order of the inventory */
  readonly hosts: readonly RunOnHost[];
}
