import type { LeftAsIs } from '../../model/accepted.ts';
import type { Author, ChangedSince } from '../../model/author.ts';
import type { ManagedItem } from '../../model/ledger.ts';
import { type PathState, type Snapshot, stateIn, unitOfPath } from '../../model/snapshot.ts';
import type { ItemFormats } from '../../virtual/managed.ts';
import { isAsWritten, itemHash, itemValue } from '../items.ts';
import { authorIn } from './author-evidence.ts';

/** What is at a path, and what a step would make of it. */
interface Difference {
  readonly path: string;
  readonly before: PathState;
  readonly after: PathState;
}

/**
 * For each difference in something that is no longer as the last run wrote it: who did that. Three ways
 * compared: what was written (the hashes in the ledger), what is there, and what is planned. Where only the
 * plan is another one (an inventory's value, a secret that was rotated) there is no author. `unknown`
 * wherever the evidence fits more than one, or none.
 */
export function authorsOf(
  differences: readonly Difference[],
  snapshot: Snapshot,
  formats: ItemFormats,
): ReadonlyMap<string, Author> {
  const authors = new Map<string, Author>();
  for (const difference of differences) {
    const { path, before, after } = difference;
    const items = snapshot.ledger?.items.filter((item) => item.path === path) ?? [];
    if (!items.some((item) => isDrift(item, difference, formats))) continue;
    authors.set(path, authorIn(seenOf(snapshot, path), { before, after, items }));
  }
  return authors;
}

/** The same for what differs and stays as it is. */
export function withAuthors(
  left: readonly LeftAsIs[],
  snapshot: Snapshot,
  formats: ItemFormats,
): readonly LeftAsIs[] {
  return left.map((one) => {
    const { path, after } = one.change;
    const before = stateIn(snapshot, path) ?? ({ kind: 'absent' } as const);
    const author = authorsOf([{ path, before, after }], snapshot, formats).get(path);
    return author === undefined ? one : { ...one, author };
  });
}

function seenOf({ changedSince }: Snapshot, path: string): ChangedSince | undefined {
  const unit = unitOfPath(path);
  return changedSince?.get(unit === undefined || unit.includes('.') ? path : `${path}.service`);
}

function isDrift(item: ManagedItem, { before, after }: Difference, formats: ItemFormats): boolean {
  try {
    const value = itemValue(item, before, formats);
    if (itemHash(value) === itemHash(itemValue(item, after, formats))) return false;
    return !isAsWritten(item, value);
  } catch {
    // What can't be read any more isn't as it was written.
    return true;
  }
}
