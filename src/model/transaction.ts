import type { HostAction, RecordedAction } from './action.ts';
import type { Change } from './change.ts';
import type { Handler } from './handler.ts';
import type { Ledger, ManagedItem, RecordedItem } from './ledger.ts';
import type { Problem } from './operator-error.ts';
import type { QueueRules } from './queue.ts';
import type { UpgradedPackage } from './upgrade.ts';

/** Everything that a host needs to carry out its plan by itself. */
export interface Transaction {
  /** run id: `20261121T074501Z-4f2a9c`, unique, sorts by time, safe as a file name */
  readonly run: string;
  readonly host: string;
  readonly cluster: string;
  /** the host's role in it, and whether it may also serve other clusters; if undefined, it may not */
  readonly role?: { readonly name: string; readonly shared: boolean } | undefined;
  /** the machine that was inspected; a different machine at the same address is refused */
  readonly machineId: string;
  /** in the order in which they run, before anything is changed; a revert doesn't undo them */
  readonly actions: readonly HostAction[];
  /**
   * how secrets of the inventory may appear in the output of programs on the host; they are hidden before the
   * output is stored
   */
  readonly hide?: HiddenTexts | undefined;
  /** in the order in which they are swapped in */
  readonly changes: readonly Change[];
  readonly handlers: readonly Handler[];
  /** units that must be active afterwards if they were active before */
  readonly units: readonly string[];
  /** guards are not asked, because the operator forced this run */
  readonly force: boolean;
  readonly ledger: Ledger;
  readonly record: RunRecord;
  /**
   * Who decides to keep the changes once the host's own checks have passed. `host` (the default): the host
   * itself. `outside`: the controller over a new connection (`confirm` in src/host/confirm.ts); without its
   * confirmation the host reverts after `confirmTimeout`.
   */
  readonly confirm?: 'host' | 'outside' | undefined;
  /** how long the host waits for the controller's confirmation; seconds, 120 by default */
  readonly confirmTimeout?: number | undefined;
  /** how long it waits for another run's lock before it is refused; seconds, 0 by default */
  readonly lockWait?: number | undefined;
  /** how the host is kept for a run over many hosts, or many stages; undefined: it needn't be */
  readonly lease?: TransactionLease | undefined;
  /** when it is too late to begin; undefined if it may begin whenever its guards allow */
  readonly beginBefore?: BeginBefore | undefined;
  /** what was agreed on for the run, where the host hasn't got it yet */
  readonly agreement?: Buffer | undefined;
  /** it waits on the host until nobody is there; undefined: it begins at once */
  readonly queue?: QueueRules | undefined;
  /** how many runs the host remembers afterwards, 20 by default; first-touch values are never forgotten */
  readonly keep?: number | undefined;
}

export interface TransactionLease {
  /** id of the run, without its stage */
  readonly run: string;
  /**
   * `reserved`: it was taken before the first host was changed, and has to be there still; `take`: it is
   * taken now, unless another run has it
   */
  readonly mode: 'reserved' | 'take';
  readonly seconds: number;
  readonly process: string;
}

/**
 * The instant from which on a host puts itself off, unless it has begun to interrupt people by then: a window
 * closes or a deadline comes too soon after it.
 */
export interface BeginBefore {
  /** seconds since the epoch by the host's clock */
  readonly at: number;
  readonly code: 'outside-window' | 'past-deadline';
  readonly message: string;
  readonly next: string;
}

export interface HiddenTexts {
  readonly texts: readonly string[];
  /** parts of base64 texts; a few characters before and after them belong to the secret as well */
  readonly base64: readonly string[];
}

/**
 * Who did what, when and from where: stored on the host for `history`, and shown to anyone refused by the
 * lock.
 */
export interface RunRecord {
  readonly schemaVersion: 1;
  readonly run: string;
  readonly command: string;
  /** the run that this one undoes */
  readonly undoes?: string | undefined;
  readonly cluster: string;
  readonly host: string;
  readonly operator: string;
  /** name of the machine on which clusterproxy ran */
  readonly from: string;
  readonly version: string;
  /** ISO 8601, UTC, by the controller's clock */
  readonly startedAt: string;
  /**
   * the operator said that people may be interrupted outside a window, or by day, in this run; absent
   * otherwise
   */
  readonly now?: true | undefined;
  /**
   * the operator said that a balancer may take hosts with people for dead while they are changed; absent
   * otherwise
   */
  readonly despitePolls?: true | undefined;
  /** what was to be changed: path, action, sha256 before and after, mode and owner before */
  readonly changes: readonly RecordedChange[];
  /**
   * actions carried out before the changes, which a revert doesn't undo; absent in the records of older
   * versions
   */
  readonly actions?: readonly RecordedAction[] | undefined;
  /** the keys, blocks and files that it set to something else; absent in the records of older versions */
  readonly items?: readonly RecordedItem[] | undefined;
  /** what it stopped managing, as it was in the ledger */
  readonly letGo?: readonly ManagedItem[] | undefined;
  /**
   * files and directories that clusterproxy had made and that this run removed from the ledger, as they were
   * there
   */
  readonly letGoCreated?: readonly string[] | undefined;
  /** the handlers in order, with everything that is needed to run them again */
  readonly handlers: readonly Handler[];
}

export interface RecordedChange {
  readonly path: string;
  readonly kind: Change['kind'];
  readonly action: Change['action'];
  readonly steps: readonly string[];
  /** it touched a secret of the inventory */
  readonly secret?: true | undefined;
  /** fingerprint of the state (kind, bytes, mode, owner, target), undefined if there was nothing */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** How a transaction ended on the host. */
export type TransactionState =
  /** it waits on the host, with nothing begun */
  | 'queued'
  /**
   * nothing was changed: the lock is held, the machine is a different one, a file differs from what the plan
   * was based on, or the package manager is busy
   */
  | 'refused'
  /** nothing was changed, or everything was put back, because a guard reported that somebody is there */
  | 'deferred'
  | 'committed'
  | 'reverted'
  /**
   * not confirmed in time and not put back, because a guard reported that somebody is there: the new files
   * stay in use
   */
  | 'kept'
  /** files that somebody else had changed were left alone; an operator has to look */
  | 'conflict'
  /** the revert itself failed; an operator has to look */
  | 'stuck'
  /** the connection was lost and the host could not be asked again */
  | 'unknown';

export interface TransactionResult {
  readonly state: TransactionState;
  /** why it isn't `committed`, or what is owed */
  readonly problem?: Problem | undefined;
  /** ids of the handlers that were started */
  readonly started: readonly string[];
  /** names of the actions that were begun */
  readonly acted: readonly string[];
  /** what an upgrade among them made of packages */
  readonly upgraded: readonly UpgradedPackage[];
  /** ids of handlers that were left undone although it is `committed`, because people are there */
  readonly owed: readonly string[];
  /** what the host reported that is no reason to fail */
  readonly warnings: readonly string[];
  readonly durationMs: number;
}
