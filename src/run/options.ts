import type { Inventory } from '../inventory/inventory.ts';
import type { Aborted } from '../model/claims.ts';
import type { Confirmer } from '../model/deciding-check.ts';
import type { ProgressEvent } from '../model/progress.ts';
import type { HostResult } from '../model/result.ts';
import type { MaxUnavailable } from '../model/rollout.ts';
import { type BusyPolicy, usualPatience } from '../model/when-busy.ts';
import type { SecretRegister } from '../secrets/register.ts';
import type { Connector } from '../ssh/connector.ts';
import type { Asking } from '../verify/ask.ts';
import type { OpenInBrowser } from '../verify/browser/batches.ts';
import type { RunIdentity } from './again/identity.ts';
import type { StartThread } from './planning/elsewhere.ts';
import type { QueueWishes } from './queue/wishes.ts';
import type { RunWindow } from './windows/run-window.ts';

/**
 * What a failure means for others. `stop`: no further host is begun. `revert-wave`: those that began together
 * with the one that failed are put back as well.
 */
export const failureRules = ['stop', 'revert-wave'] as const;
export type OnFailure = (typeof failureRules)[number];

/** Options of every command that works on many hosts. */
export interface RunOptions {
  readonly inventory: Inventory;
  /** names of hosts and roles that may be changed; empty: all. All hosts are looked at in any case. */
  readonly limit: readonly string[];
  /** maximum number of hosts at once */
  readonly parallel: number;
  /** aborted by the operator: no further host is started */
  readonly signal: AbortSignal;
  /** how hosts are reached; shared by all parts of a command */
  readonly connect: Connector['connect'];
  /** starts this program on a thread of its own, for large hosts; undefined where it can't be started */
  readonly startThread?: StartThread | undefined;
  /** the secrets that the run works with, which must stay hidden */
  readonly secrets: SecretRegister;
  readonly progress: (event: ProgressEvent) => void;
  /** remove what belongs to nodes that are no longer in the inventory: to all of them, or to these */
  readonly prune: boolean | readonly string[];
  /** whether guards may name people and meetings, which are private; default: no */
  readonly names?: boolean | undefined;
}

/** How this program asks, beside what it is told by the run. */
export interface AskingFromHere extends Omit<Asking, 'signal' | 'snapshot'> {
  /** opens clients in a browser that it starts anew each time; undefined where none is to be asked */
  readonly browser?: OpenInBrowser | undefined;
}

/** Additional options of commands that change hosts. */
export interface ApplyOptions extends RunOptions {
  /** the command as recorded with the run, e.g. `apply` */
  readonly command: string;
  /** what is done with hosts on which people are; undefined: as in the inventory, else they are put off */
  readonly whenBusy: BusyPolicy | undefined;
  /** how long the policy `wait` waits for people to go; seconds */
  readonly waitTimeout: number;
  /** how long the policy `drain` does; seconds */
  readonly drainTimeout: number;
  /**
   * The run has a host join the cluster, which its balancer need not know yet, or leave it, which waits for
   * whatever the guards of its role know of, also where nothing interrupts that; undefined: neither
   */
  readonly membership?: 'join' | 'leave' | undefined;
  /** a balancer may take a host with people for dead while it is changed; undefined: no */
  readonly despitePolls?: boolean | undefined;
  /** what the policy `later` means for hosts on which people are; undefined: it puts them off */
  readonly queue?: QueueWishes | undefined;
  /** how many hosts may fail before no further one is started; 0: the first failure stops the run */
  readonly maxFailures: number;
  /** how many hosts of a role may be out at once; undefined: from the inventory, else the default */
  readonly maxUnavailable: MaxUnavailable | undefined;
  /** how many hosts of a role begin together after the first; undefined: each as soon as it may */
  readonly waveSize?: number | undefined;
  /** what becomes of those that began together when one of them fails; undefined: `stop` */
  readonly onFailure?: OnFailure | undefined;
  /** stops following hosts that are being worked on: each finishes or reverts by itself */
  readonly leave: AbortSignal;
  /** the plan was agreed on beforehand: a last stage that differs from it isn't started */
  readonly exactly: boolean;
  /** who decides that a host's changes are kept: the host, or this program over a new connection */
  readonly confirm: Confirmer;
  /** how long a host waits for this program's confirmation; seconds */
  readonly confirmTimeout: number;
  /** how checks from outside are asked; undefined: none is */
  readonly asking?: AskingFromHere | undefined;
  /** how long a host waits for another run's lock; seconds */
  readonly lockWait: number;
  /** when people may be interrupted, and by when the run has to be over; undefined: at any time */
  readonly window?: RunWindow | undefined;
  /** how many runs a host remembers; undefined: the default */
  readonly keep: number | undefined;
  /** by what others know the run; undefined: by a new id, and nobody can resume it */
  readonly identity?: RunIdentity | undefined;
  /** how often hosts are asked whether the run was aborted; seconds, 10 by default */
  readonly listening?: number | undefined;
  /** the id of a run that nobody gave one; undefined: a new one */
  readonly freshId?: string | undefined;
  /** called once for each host that the run was to change, as soon as nothing more follows for it */
  readonly hostEnded?: ((result: HostResult, run: string) => void) | undefined;
  /** called if somebody has aborted the run from elsewhere, or a host says so */
  readonly onAborted?: ((aborted: Aborted) => void) | undefined;
}

/** The default options for changing hosts. */
export const usualApply = {
  exactly: false,
  maxUnavailable: undefined,
  onFailure: 'stop',
  whenBusy: undefined,
  waitTimeout: usualPatience,
  drainTimeout: usualPatience,
  confirm: 'host',
  confirmTimeout: 120,
  lockWait: 0,
  keep: undefined,
} as const satisfies Partial<ApplyOptions>;
