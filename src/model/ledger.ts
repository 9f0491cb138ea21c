import type { Value } from '../formats/keyed-format.ts';

/** What a thing we manage was before we touched it for the first time. */
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
   * it held a secret of the inventory when we found it, and is not written down; `hash` as `activated` below
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
   * hash of the value as it was when its services last took it up: sha256, or scrypt where it holds a secret
   */
  readonly activated: string;
  /**
   * accounts that its step named for its folders, so that it can be given back there; left out where there
   * are none
   */
  readonly folderOf?: readonly string[] | undefined;
}

/**
 * What we manage on a host. Kept on the host, readable by root only; the same for every operator's machine.
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
   * files and directories that weren't there before our first touch and go away when nothing of anybody's is
   * left in them
   */
  readonly created: readonly string[];
}

/**
 * A thing that a run set on a host, by hashes: what it was is in the original of its file, which the host
 * keeps. Tells whether somebody else has changed that very thing since, when the run is undone.
 */
export interface RecordedItem {
  readonly step: string;
  readonly path: string;
  readonly format: string;
  readonly key: readonly string[];
  /** hash of the value before and after the run: sha256, or scrypt where the file holds a secret */
  readonly before: string;
  readonly after: string;
}
