import type { PlannedAction, RecordedAction } from '../model/action.ts';
import { type Change, sha256 } from '../model/change.ts';
import type { Handler } from '../model/handler.ts';
import type { FirstTouch, Ledger, ManagedItem, RecordedItem } from '../model/ledger.ts';
import type { Stage } from '../model/plan.ts';
import type { PathState } from '../model/snapshot.ts';
import type { RecordedChange } from '../model/transaction.ts';
import type { ItemFormats } from '../virtual/managed.ts';
import { itemHash, itemId, itemValue, secretItemHash } from './items.ts';
import { isSlowHash, slowHash } from './slow-hash.ts';

/** Changes as stored in the run's record on the host: what and why, with hashes in place of contents. */
export function recordChanges(changes: readonly Change[]): readonly RecordedChange[] {
  return changes.map(({ path, kind, action, steps, before, after, secret }) => ({
    path,
    kind,
    action,
    steps,
    ...(secret === undefined ? {} : { secret: true }),
    before: secret === undefined ? stateFingerprint(before) : secretFingerprint(path, before),
    after: secret === undefined ? stateFingerprint(after) : secretFingerprint(path, after),
  }));
}

/**
 * Handlers as stored in the run's record on the host: without what was asked as a browser would, of which a
 * rollback knows nothing and neither do older versions.
 */
export function recordHandlers(handlers: readonly Handler[]): readonly Handler[] {
  return handlers.map((handler) => ({
    ...handler,
    checks: handler.checks.filter(({ kind }) => kind !== 'browse'),
  }));
}

/** Actions as stored in the run's record on the host. */
export function recordActions(actions: readonly PlannedAction[]): readonly RecordedAction[] {
  return actions.map(({ action: { name, run }, step }) => ({
    ...{ step, name, kind: run.kind },
    ...('digest' in run ? { digest: run.digest } : {}),
  }));
}

/** The managed things whose values a stage changes, from both the current ledger and the next one. */
export function recordItems(
  { changes, snapshot, ledger }: Stage,
  formats: ItemFormats,
): readonly RecordedItem[] {
  const changed = new Map(changes.map((change) => [change.path, change] as const));
  const known = new Map([...itemsOf(snapshot?.ledger), ...itemsOf(ledger)]);
  const former = new Map(itemsOf(snapshot?.ledger));
  return [...known.values()].flatMap((item) => {
    const change = changed.get(item.path);
    if (change === undefined) return [];
    const { step, path, format, key, isRemade } = item;
    const values = [itemValue(item, change.before, formats), itemValue(item, change.after, formats)] as const;
    const { lines } = former.get(itemId(item)) ?? {};
    const isSame = itemHash(values[0]) === itemHash(values[1]);
    if (isSame && JSON.stringify(lines) === JSON.stringify(item.lines)) return [];
    const hash = change.secret === undefined ? itemHash : (value: FirstTouch) => secretItemHash(item, value);
    const hashes = { before: hash(values[0]), after: hash(values[1]) };
    const marks = { ...(lines === undefined ? {} : { lines }), ...(isRemade ? { isRemade } : {}) };
    return [{ step, path, format, key, ...hashes, ...marks }];
  });
}

/**
 * What the current ledger has and the next one lacks, i.e. what is no longer managed once the stage is
 * carried out.
 */
export function letGoItems({ snapshot, ledger }: Stage): readonly ManagedItem[] {
  const kept = new Map(itemsOf(ledger));
  return itemsOf(snapshot?.ledger).flatMap(([id, item]) => (kept.has(id) ? [] : [item]));
}

/** The files and directories made by clusterproxy that the current ledger has and the next one lacks. */
export function letGoCreated({ snapshot, ledger }: Stage): readonly string[] {
  const kept = new Set(ledger?.created ?? []);
  return (snapshot?.ledger?.created ?? []).filter((path) => !kept.has(path));
}

/**
 * Kind, bytes, mode, owner and link target of a state (for a unit, whether it is enabled and active) as one
 * sha256 in hex; undefined if there is nothing at the path.
 */
export function stateFingerprint(state: PathState): string | undefined {
  if (state.kind === 'absent') return undefined;
  const content = state.kind === 'file' ? sha256(state.content) : '';
  if (state.kind === 'unit') return sha256(JSON.stringify([state.kind, state.enabled, state.active]));
  const { kind, mode, user, group, target } = { mode: 0, user: '', group: '', target: '', ...state };
  return sha256(JSON.stringify([kind, content, mode, user, group, target]));
}

/** The same with scrypt, for a file that contains a secret. */
function secretFingerprint(path: string, state: PathState): string | undefined {
  const fingerprint = stateFingerprint(state);
  return fingerprint === undefined ? undefined : slowHash(fingerprint, path);
}

/** Whether a fingerprint of either kind matches the state. */
export function isFingerprint(fingerprint: string | undefined, path: string, state: PathState): boolean {
  return fingerprint === (isSlowHash(fingerprint) ? secretFingerprint(path, state) : stateFingerprint(state));
}

function itemsOf(ledger: Ledger | undefined): readonly (readonly [string, ManagedItem])[] {
  return (ledger?.items ?? []).map((item) => [itemId(item), item] as const);
}
