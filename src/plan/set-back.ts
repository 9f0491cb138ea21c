import { type Snapshot, stateIn } from '../model/snapshot.ts';
import { type ItemFormats, stateFormats } from '../virtual/managed.ts';
import { isFirstTouch, isItemHash, itemName, itemValue } from './items.ts';

/**
 * What a run had set on a host and is now again as it was before the first one, in words: a package's file
 * that an upgrade brought back, or an edit that somebody undid. Something else in its place is drift, which
 * a plan shows.
 */
export function valuesSetBack(snapshot: Snapshot, formats: ItemFormats): readonly string[] {
  return (snapshot.ledger?.items ?? []).flatMap((item) => {
    const state = stateIn(snapshot, item.path);
    if (state === undefined || state.kind === 'unreadable' || !isKnown(item.format, formats)) return [];
    try {
      const value = itemValue(item, state, formats);
      const isBack = isFirstTouch(item, item.first, value) && !isItemHash(item.activated, item, value);
      return isBack ? [itemName(item)] : [];
    } catch {
      // A file that can't be understood is none that was put back.
      return [];
    }
  });
}

function isKnown(format: string, formats: ItemFormats): boolean {
  return stateFormats.includes(format) || formats.has(format);
}
