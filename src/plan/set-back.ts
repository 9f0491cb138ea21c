import type { ManagedItem } from '../model/ledger.ts';
import { type Snapshot, stateIn } from '../model/snapshot.ts';
import { type ItemFormats, isUnitState, stateFormats } from '../virtual/managed.ts';
import { isFirstTouch, isItemHash, itemName, itemValue } from './items.ts';

/**
 * What a run had set on a host and is now again as it was before the first one, in words: a package's file
 * that an upgrade brought back, or an edit that somebody undid. Something else in its place is drift, which
 * a plan shows.
 */
export function valuesSetBack(snapshot: Snapshot, formats: ItemFormats): readonly string[] {
  const items = (snapshot.ledger?.items ?? []).filter((item) => {
    const state = stateIn(snapshot, item.path);
    if (state === undefined || state.kind === 'unreadable' || !isKnown(item.format, formats)) return false;
    try {
      const value = itemValue(item, state, formats);
      return isFirstTouch(item, item.first, value) && !isItemHash(item.activated, item, value);
    } catch {
      // A file that can't be understood is none that was put back.
      return false;
    }
  });
  return [...new Set(items.map(({ path }) => path))].flatMap((path) =>
    namesIn(items.filter((item) => item.path === path)),
  );
}

/** Things of one file, which is named once. */
function namesIn(items: readonly ManagedItem[]): readonly string[] {
  const isKey = (item: ManagedItem) => item.key.length > 0 && !isUnitState(item);
  const keys = items.filter(isKey);
  const [last] = keys.slice(-1);
  const before = keys.slice(0, -1).map(({ key }) => key.join('.'));
  const together =
    last === undefined ? [] : [`${before.length === 0 ? '' : `${before.join(', ')} and `}${itemName(last)}`];
  return [...items.filter((item) => !isKey(item)).map(itemName), ...together];
}

function isKnown(format: string, formats: ItemFormats): boolean {
  return stateFormats.includes(format) || formats.has(format);
}
