import { type Change, sha256 } from '../model/change.ts';
import type { Ledger, ManagedItem, RecordedItem } from '../model/ledger.ts';
import type { HostPlan } from '../model/plan.ts';
import type { PathState } from '../model/snapshot.ts';
import type { RecordedChange } from '../model/transaction.ts';
import { itemHash, itemId, itemValue } from './items.ts';

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

/** The managed things whose values a plan changes: those of the ledger that is there, and of the one to come. */
export function recordItems({ changes, snapshot, ledger }: HostPlan): readonly RecordedItem[] {
  const changed = new Map(changes.map((change) => [change.path, change] as const));
  const known = new Map([...itemsOf(snapshot?.ledger), ...itemsOf(ledger)]);
  return [...known.values()].flatMap((item) => {
    const change = changed.get(item.path);
    if (change === undefined) return [];
    const { step, path, format, key } = item;
    const before = itemHash(itemValue(item, change.before));
    const after = itemHash(itemValue(item, change.after));
    return before === after ? [] : [{ step, path, format, key, before, after }];
  });
}

/** What the ledger has and the one to come hasn't: it isn't managed any more once the plan is carried out. */
export function letGoItems({ snapshot, ledger }: HostPlan): readonly ManagedItem[] {
  const kept = new Map(itemsOf(ledger));
  return itemsOf(snapshot?.ledger).flatMap(([id, item]) => (kept.has(id) ? [] : [item]));
}

/** The files and directories of our own making that the ledger has and the one to come hasn't. */
export function letGoCreated({ snapshot, ledger }: HostPlan): readonly string[] {
  const kept = new Set(ledger?.created ?? []);
  return (snapshot?.ledger?.created ?? []).filter((path) => !kept.has(path));
}

/** Kind, bytes, mode, owner and link target of a state as one sha256, hex; undefined for a path where nothing is. */
export function stateFingerprint(state: PathState): string | undefined {
  if (state.kind === 'absent') return undefined;
  const content = state.kind === 'file' ? sha256(state.content) : '';
  const { kind, mode, user, group, target } = { mode: 0, user: '', group: '', target: '', ...state };
  return sha256(JSON.stringify([kind, content, mode, user, group, target]));
}

function itemsOf(ledger: Ledger | undefined): readonly (readonly [string, ManagedItem])[] {
  return (ledger?.items ?? []).map((item) => [itemId(item), item] as const);
}
