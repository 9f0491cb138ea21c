import { decode } from '../../formats/decode.ts';
import { FormatError } from '../../formats/format-error.ts';
import { sameState } from '../../model/change.ts';
import type { RecordedItem } from '../../model/ledger.ts';
import type { PathState, RegularFile } from '../../model/snapshot.ts';
import type { RecordedChange } from '../../model/transaction.ts';
import { type ItemFormats, isUnitState, isWholePath } from '../../virtual/managed.ts';
import { isHollow, isItemHash, itemName, itemValue, restoredText, textOf } from '../items.ts';
import { isFingerprint } from '../record.ts';
import { undoUnit } from './undo-unit.ts';

/** The result of undoing a run at one path. */
export interface Undone {
  /** the state to give to the path */
  readonly state: PathState;
  /** what somebody else has changed since, as texts; `state` overwrites it */
  readonly conflicts: readonly string[];
}

/** A path that a run changed: its state before, its state now, and the things in it that the run set. */
export interface UndoneChange {
  readonly change: RecordedChange;
  readonly original: PathState;
  readonly now: PathState;
  readonly items: readonly RecordedItem[];
  readonly formats: ItemFormats;
}

/**
 * A path as it was before a run. If the run's bytes are still there, the whole path is restored; if somebody
 * else has edited the file since, only the keys and blocks that the run set are restored, each of which must
 * still be as the run set it. A file that a program has made anew since is restored as well.
 */
export function undoChange(undone: UndoneChange): Undone {
  const { change, original, now, items, formats } = undone;
  const settled = (state: PathState): Undone => ({ state, conflicts: [] });
  if (sameState(now, original)) return settled(now);
  if (isFingerprint(change.after, change.path, now)) return settled(original);
  if (now.kind === 'unit') {
    const set = items.filter((item) => item.path === change.path && isUnitState(item));
    const { state, changed } = undoUnit(now, original, set);
    return { state, conflicts: changed ? set.map(itemName) : [] };
  }
  const own = items.filter((item) => item.path === change.path);
  if (now.kind === 'file' && own.some(({ isRemade }) => isRemade)) return settled(original);
  const keyed = own.filter((item) => !isWholePath(item));
  if (keyed.length === 0 || now.kind !== 'file' || !isTextual(original)) {
    return { state: original, conflicts: [change.path] };
  }
  try {
    return undoItems(now, original, keyed, formats);
  } catch (error) {
    // What somebody else wrote can't be read in the expected format.
    if (!(error instanceof FormatError)) throw error;
    return { state: original, conflicts: [change.path] };
  }
}

function undoItems(
  now: RegularFile,
  original: PathState,
  items: readonly RecordedItem[],
  formats: ItemFormats,
): Undone {
  const conflicts: string[] = [];
  let text = textOf(now) ?? '';
  for (const item of items) {
    const value = itemValue(item, withText(now, text), formats);
    if (isItemHash(item.before, item, value)) continue;
    if (!isItemHash(item.after, item, value)) conflicts.push(itemName(item));
    text = restoredText(item, text, itemValue(item, original, formats), formats);
  }
  if (original.kind === 'absent' && isHollow(text)) return { state: original, conflicts };
  return { state: withText(now, text), conflicts };
}

function withText(file: RegularFile, text: string): RegularFile {
  return { ...file, content: decode(file.content).encode(text) };
}

function isTextual(state: PathState): boolean {
  return state.kind === 'file' || state.kind === 'absent';
}
