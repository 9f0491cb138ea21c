import type { Value } from '../formats/keyed-format.ts';
import type { ReplacedLines } from '../formats/replaced-lines.ts';

/** The state of a managed thing before clusterproxy touched it for the first time. */
export type FirstTouch =
  | { readonly kind: 'absent' }
  /** the value of a key, or the text of a managed block */
  | { readonly kind: 'value'; readonly value: Value }
  /** a whole file: its bytes in base64 */
  | {
      readonly kind: 'file';
      readonly content: string;
      readonly mode: number;
      readonly user: string;
      readonly group: string;
    }
  /**
   * it contained a secret of the inventory when it was found, so its value isn't stored; for `hash` see
   * `activated` below
   */
  | { readonly kind: 'secret'; readonly hash: string }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'directory'; readonly mode: number; readonly user: string; readonly group: string };

/**
 * One thing on a host that a step manages: a key in a file of some format, a named block in a file, or (no
 * key) the whole file. `format` is the name of the keyed format, `nginx-block`, `nginx-include`, or `file`.
 */
export interface ManagedItem {
  readonly step: string;
  readonly path: string;
  readonly format: string;
  readonly key: readonly string[];
  readonly first: FirstTouch;
  /**
   * the lines that setting it replaced in its file, from the first touch on; left out if a secret of the
   * inventory is in them, if somebody else has edited them since, and by older versions
   */
  readonly lines?: readonly ReplacedLines[] | undefined;
  /** hash of the value that its services last loaded: sha256, or scrypt if it contains a secret */
  readonly activated: string;
  /** accounts that its step named for its folders, needed to restore it there; left out if there are none */
  readonly folderOf?: readonly string[] | undefined;
  /** see `Managed`; left out by older versions */
  readonly isRemade?: true | undefined;
}

/**
 * What clusterproxy manages on a host. Stored on the host, readable by root only, and so the same for every
 * operator's machine.
 */
export interface Ledger {
  readonly schemaVersion: 1;
  readonly cluster: string;
  readonly playbook: string;
  readonly recipe: string | undefined;
  /** the run that wrote it */
  readonly run: string;
  readonly items: readonly ManagedItem[];
  /**
   * files and directories that did not exist before clusterproxy first made them, and that are removed once
   * nothing is left in them
   */
  readonly created: readonly string[];
}

/**
 * A thing that a run set on a host, as hashes: its former value is in the original of its file, which the
 * host keeps. When the run is undone, it tells whether somebody else has changed that very thing since.
 */
export interface RecordedItem {
  readonly step: string;
  readonly path: string;
  readonly format: string;
  readonly key: readonly string[];
  /** hash of the value before and after the run: sha256, or scrypt if the file contains a secret */
  readonly before: string;
  readonly after: string;
  /** the lines that the ledger had for it before the run */
  readonly lines?: readonly ReplacedLines[] | undefined;
  /** see `Managed`; left out by older versions */
  readonly isRemade?: true | undefined;
}
