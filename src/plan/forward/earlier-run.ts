import type { FirstTouch } from '../../model/ledger.ts';
import type { PathState, Snapshot } from '../../model/snapshot.ts';
import { isWholePath, type LeftByEarlierRun } from '../../virtual/managed.ts';
import { isAsWritten, pathValue } from '../items.ts';
import { clusterThat } from './two-clusters.ts';

/**
 * What an earlier run has left at a path that it managed as a whole; undefined for all other paths. `now` is
 * what is there. See `HostKnowledge`.
 */
export function leftByEarlierRun(
  snapshot: Snapshot,
  path: string,
  now: PathState,
): LeftByEarlierRun | undefined {
  const item = snapshot.ledger?.items.find((one) => one.path === path && isWholePath(one));
  if (item === undefined) return undefined;
  const isOthers = clusterThat(snapshot, (one) => one.path === path) !== undefined;
  return {
    edited: !isAsWritten(item, pathValue(now)),
    before: isOthers ? undefined : stateOf(item.first),
  };
}

/** Undefined for what the ledger doesn't store. */
function stateOf(first: FirstTouch): PathState | undefined {
  switch (first.kind) {
    case 'file':
      return { ...first, content: Buffer.from(first.content, 'base64') };
    case 'link':
      return { kind: 'symlink', target: first.target };
    case 'absent':
    case 'directory':
      return first;
    default:
      return undefined;
  }
}
