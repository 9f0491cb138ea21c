import type { Inventory } from '../inventory/inventory.ts';
import type { ProgressEvent } from '../model/progress.ts';
import type { MaxUnavailable } from '../model/rollout.ts';
import type { SecretRegister } from '../secrets/register.ts';
import type { Connector } from '../ssh/connector.ts';

/** What every command over many hosts needs. */
export interface RunOptions {
  readonly inventory: Inventory;
  /**
   * names of hosts and roles that may be written to; empty: all. All hosts are looked at whatever it says.
   */
  readonly limit: readonly string[];
  /** how many hosts are worked on at once */
  readonly parallel: number;
  /** aborted by the operator: no host is started any more */
  readonly signal: AbortSignal;
  /** how hosts are reached; shared by all that a command does */
  readonly connect: Connector['connect'];
  /** what nobody may see of what the run works with */
  readonly secrets: SecretRegister;
  readonly progress: (event: ProgressEvent) => void;
  /** take away what belongs to nodes that are no longer in the inventory */
  readonly prune: boolean;
}

/** What changing hosts needs in addition. */
export interface ApplyOptions extends RunOptions {
  /** the command as it goes into the run's record, e.g. `apply` */
  readonly command: string;
  /** interrupt running meetings: the operator said so for this run */
  readonly force: boolean;
  /** so many hosts may fail before no further one is started; 0: the first failure stops */
  readonly maxFailures: number;
  /** how many hosts of a role may be out at once; undefined: as the inventory says, else as is usual */
  readonly maxUnavailable: MaxUnavailable | undefined;
  /** stops following hosts that are under way: each finishes or reverts by itself */
  readonly leave: AbortSignal;
  /** the plan was agreed on beforehand: a last stage that turns out otherwise isn't begun */
  readonly exactly: boolean;
  /** who decides that a host's changes are kept: the host, or this program over a new connection */
  readonly confirm: 'host' | 'outside';
  /** how long a host waits for this program's word; seconds */
  readonly confirmTimeout: number;
  /** how long a host waits for another run's lock; seconds */
  readonly lockWait: number;
  /** how many runs a host remembers; undefined: as many as is usual */
  readonly keep: number | undefined;
}

/** How a change is carried out where nobody says otherwise. */
export const usualApply = {
  exactly: false,
  maxUnavailable: undefined,
  confirm: 'host',
  confirmTimeout: 120,
  lockWait: 0,
  keep: undefined,
} as const satisfies Partial<ApplyOptions>;
