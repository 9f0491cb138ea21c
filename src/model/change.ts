import { createHash } from 'node:crypto';
import type { Guard } from './handler.ts';
import type { PathState } from './snapshot.ts';

/** A path or unit on a host whose state is to change. */
export interface Change {
  /** absolute; for a unit, its `unitPath` */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'unit';
  readonly action: 'create' | 'modify' | 'delete';
  /** ids of the steps that ask for it, in the playbook's order */
  readonly steps: readonly string[];
  /**
   * accounts other than root that may own the folders leading to it, or write to them: USER, USER:GROUP or
   * :GROUP
   */
  readonly folderOf?: readonly string[] | undefined;
  readonly before: PathState;
  readonly after: PathState;
  /** set if it touches a secret of the inventory: what may be shown instead of the real texts */
  readonly secret?: ConcealedTexts | undefined;
  /** for a unit that may be in use: the guards asked before the run, or its revert, stops it */
  readonly guards?: readonly Guard[] | undefined;
  /**
   * name of the stage after which it is known for certain whether it changes, and from what; undefined if
   * that is known now
   */
  readonly knownAfter?: string | undefined;
}

/** Either nothing except that it changes, or its texts line by line with the secrets hidden. */
export type ConcealedTexts = {
  /** how the secrets are written in the real texts */
  readonly writings: readonly string[];
} & (
  | { readonly shown: 'nothing' }
  | { readonly shown: 'masked'; readonly before: string; readonly after: string }
);

/** Whether it stops a running unit. */
export function stopsUnit({ before, after }: Change): boolean {
  return (
    before.kind === 'unit' && after.kind === 'unit' && before.active === 'active' && after.active !== 'active'
  );
}

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Whether two states of a path agree in everything that we write: kind, bytes, mode, owner, link target. */
export function sameState(one: PathState, other: PathState): boolean {
  if (one.kind === 'file' && other.kind === 'file') {
    return one.content.equals(other.content) && sameOwnership(one, other);
  }
  if (one.kind === 'directory' && other.kind === 'directory') return sameOwnership(one, other);
  if (one.kind === 'symlink' && other.kind === 'symlink') return one.target === other.target;
  if (one.kind === 'unit' && other.kind === 'unit') {
    return one.enabled === other.enabled && one.active === other.active;
  }
  return one.kind === other.kind;
}

function sameOwnership(
  one: { mode: number; user: string; group: string },
  other: { mode: number; user: string; group: string },
): boolean {
  return one.mode === other.mode && one.user === other.user && one.group === other.group;
}

/** The change from one state of a path to another; undefined if they are the same. */
export function changeBetween(
  path: string,
  before: PathState,
  after: PathState,
  steps: readonly string[],
): Change | undefined {
  if (sameState(before, after)) return undefined;
  const subject = after.kind === 'absent' ? before : after;
  const kind = kindOf(subject);
  const action = before.kind === 'absent' ? 'create' : after.kind === 'absent' ? 'delete' : 'modify';
  return { path, kind, action, steps, before, after };
}

function kindOf({ kind }: PathState): Change['kind'] {
  return kind === 'directory' || kind === 'symlink' || kind === 'unit' ? kind : 'file';
}
