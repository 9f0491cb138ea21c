import { createHash } from 'node:crypto';
import type { Guard } from './handler.ts';
import type { PathState } from './snapshot.ts';

/** One path or unit on one host that is to become something else than it is. */
export interface Change {
  /** absolute; of a unit its `unitPath` */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'unit';
  readonly action: 'create' | 'modify' | 'delete';
  /** ids of the steps that ask for it, in the playbook's order */
  readonly steps: readonly string[];
  /**
   * accounts besides root that may own the folders on its way, or write in them: USER, USER:GROUP or :GROUP
   */
  readonly folderOf?: readonly string[] | undefined;
  readonly before: PathState;
  readonly after: PathState;
  /** it touches a secret of the inventory: what may be shown of it in place of the real texts */
  readonly secret?: ConcealedTexts | undefined;
  /** of a unit that is in use, perhaps: what is asked before it's stopped, by the run or by its revert */
  readonly guards?: readonly Guard[] | undefined;
  /**
   * name of the stage after which it's known for sure whether, and from what, it changes; undefined: it's
   * known
   */
  readonly knownAfter?: string | undefined;
}

/** Nothing but that it changes, or its texts, line for line, with the secrets hidden. */
export type ConcealedTexts = {
  /** how secrets stand in the real texts */
  readonly writings: readonly string[];
} & (
  | { readonly shown: 'nothing' }
  | { readonly shown: 'masked'; readonly before: string; readonly after: string }
);

/** Whether it stops a unit that runs. */
export function stopsUnit({ before, after }: Change): boolean {
  return (
    before.kind === 'unit' && after.kind === 'unit' && before.active === 'active' && after.active !== 'active'
  );
}

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * Whether two states of a path are the same in everything that we write: kind, bytes, mode, owner, link
 * target.
 */
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

/** The change from one state of a path to another, undefined where they are the same. */
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
