import type { HostAction, RecordedAction } from './action.ts';
import type { Change } from './change.ts';
import type { Handler } from './handler.ts';
import type { Ledger, ManagedItem, RecordedItem } from './ledger.ts';
import type { Problem } from './operator-error.ts';

/** Everything that one host needs to carry out its plan by itself. */
export interface Transaction {
  /** run id: `20261121T074501Z-4f2a9c`, unique, sorts by time, safe as a file name */
  readonly run: string;
  readonly host: string;
  readonly cluster: string;
  /** what the host is in it, and whether it may serve other clusters as well; undefined: it may not */
  readonly role?: { readonly name: string; readonly shared: boolean } | undefined;
  /** the machine that was looked at; another one at the same address is refused */
  readonly machineId: string;
  /** in the order in which they are done, before anything is changed; not undone by a revert */
  readonly actions: readonly HostAction[];
  /**
   * how secrets of the inventory may stand in what programs on the host say; they are hidden before it's
   * written down
   */
  readonly hide?: HiddenTexts | undefined;
  /** in the order in which they are swapped in */
  readonly changes: readonly Change[];
  readonly handlers: readonly Handler[];
  /** units that must be active afterwards if they were before */
  readonly units: readonly string[];
  /** guards are not asked: the operator said so for this run */
  readonly force: boolean;
  readonly ledger: Ledger;
  readonly record: RunRecord;
  /**
   * Who decides that it is kept once the host's own checks have passed. `host` (the default): the host
   * itself. `outside`: the controller over a new connection (`confirm` in src/host/confirm.ts); without its
   * word the host reverts after `confirmTimeout`.
   */
  readonly confirm?: 'host' | 'outside' | undefined;
  /** how long the host waits for the controller's word; seconds, 120 where left out */
  readonly confirmTimeout?: number | undefined;
  /** how long it waits for another run's lock before it is refused; seconds, 0 where left out */
  readonly lockWait?: number | undefined;
  /**
   * how many runs the host remembers afterwards, 20 where left out; first-touch values are not among what is
   * forgotten
   */
  readonly keep?: number | undefined;
}

export interface HiddenTexts {
  readonly texts: readonly string[];
  /** parts of texts in base64; a few characters before and behind them belong to the secret as well */
  readonly base64: readonly string[];
}

/** Who did what, when and from where: kept on the host for `history`, and shown to whom the lock refuses. */
export interface RunRecord {
  readonly schemaVersion: 1;
  readonly run: string;
  readonly command: string;
  /** the run that this one undoes */
  readonly undoes?: string | undefined;
  readonly cluster: string;
  readonly host: string;
  readonly operator: string;
  /** name of the machine that the operator's clusterproxy ran on */
  readonly from: string;
  readonly version: string;
  /** ISO 8601, UTC, by the controller's clock */
  readonly startedAt: string;
  /** what was to be changed: path, action, sha256 before and after, mode and owner before */
  readonly changes: readonly RecordedChange[];
  /** what was done before, and stays done; absent in the records of older versions */
  readonly actions?: readonly RecordedAction[] | undefined;
  /** the keys, blocks and files that it set to something else; absent in the records of older versions */
  readonly items?: readonly RecordedItem[] | undefined;
  /** what it no longer managed, as the ledger had it */
  readonly letGo?: readonly ManagedItem[] | undefined;
  /** files and directories of our own making that it no longer knows as such, as the ledger had them */
  readonly letGoCreated?: readonly string[] | undefined;
  /** ids of the handlers in order, with all that running them again needs */
  readonly handlers: readonly Handler[];
}

export interface RecordedChange {
  readonly path: string;
  readonly kind: Change['kind'];
  readonly action: Change['action'];
  readonly steps: readonly string[];
  /** it touched a secret of the inventory */
  readonly secret?: true | undefined;
  /** fingerprint of the state (kind, bytes, mode, owner, target), undefined where nothing was */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** How a transaction ended on the host. */
export type TransactionState =
  /**
   * nothing was changed: the lock is held, another machine, a file differs from what was planned from, busy
   * package manager
   */
  | 'refused'
  /** nothing was changed, or all was put back, because a guard says that somebody is there */
  | 'deferred'
  | 'committed'
  | 'reverted'
  /**
   * not confirmed in time, and not put back, because a guard says that somebody is there: the new files stay
   * in use
   */
  | 'kept'
  /** files that no longer held our bytes were left alone; a person has to look */
  | 'conflict'
  /** the revert itself failed; a person has to look */
  | 'stuck'
  /** the connection was lost and the host could not be asked again */
  | 'unknown';

export interface TransactionResult {
  readonly state: TransactionState;
  /** why it isn't `committed`, or what is owed */
  readonly problem?: Problem | undefined;
  /** ids of the handlers that were started */
  readonly started: readonly string[];
  /** ids of handlers that were left undone although it is `committed`, because people are there */
  readonly owed: readonly string[];
  /** what the host had to say that is no reason to fail */
  readonly warnings: readonly string[];
  readonly durationMs: number;
}
