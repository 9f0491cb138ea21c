import type { RecordedItem } from '../../model/ledger.ts';
import type { PathState } from '../../model/snapshot.ts';
import { itemHash } from '../items.ts';
import { restoredUnit, type Unit, unitValue } from '../unit-items.ts';

/**
 * A unit restored to its state before a run in everything that the run set, and whether somebody else has
 * changed that since.
 */
export function undoUnit(
  now: Unit,
  original: PathState,
  items: readonly RecordedItem[],
): { readonly state: Unit; readonly changed: boolean } {
  let state = now;
  let changed = false;
  for (const item of items) {
    const hash = itemHash(unitValue(item, now));
    if (hash === item.before) continue;
    if (hash !== item.after) changed = true;
    state = restoredUnit(item, state, unitValue(item, original));
  }
  return { state, changed };
}
