import { type Change, sha256 } from '../model/change.ts';
import type { PathState } from '../model/snapshot.ts';
import type { RecordedChange } from '../model/transaction.ts';

/** Changes as they go into the run's record on the host: what and why, with hashes for contents. */
export function recordChanges(changes: readonly Change[]): readonly RecordedChange[] {
  return changes.map(({ path, kind, action, steps, before, after }) => ({
    path,
    kind,
    action,
    steps,
    before: stateFingerprint(before),
    after: stateFingerprint(after),
  }));
}

/** Kind, bytes, mode, owner and link target of a state as one sha256, hex; undefined for a path where nothing is. */
export function stateFingerprint(state: PathState): string | undefined {
  if (state.kind === 'absent') return undefined;
  const content = state.kind === 'file' ? sha256(state.content) : '';
  const { kind, mode, user, group, target } = { mode: 0, user: '', group: '', target: '', ...state };
  return sha256(JSON.stringify([kind, content, mode, user, group, target]));
}
