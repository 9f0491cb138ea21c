import type { Accepted, AcceptedNow } from '../model/accepted.ts';
import type { FirstTouch } from '../model/ledger.ts';
import { type PathState, unitOfPath } from '../model/snapshot.ts';
import { isWholePath, type Managed } from '../virtual/managed.ts';
import { pathValue } from './items.ts';
import { slowHash } from './slow-hash.ts';

/** How people name a managed thing: by its path or unit, and its key, if it is not all of the file. */
export function placeOf(item: Managed): Pick<Accepted, 'path' | 'key'> {
  const path = shownPath(item.path);
  return isWholePath(item) ? { path } : { path, key: item.key.join('.') };
}

/** `KEY in PATH`, or the path. */
export function placeName({ path, key }: Pick<Accepted, 'path' | 'key'>): string {
  return key === undefined ? path : `${key} in ${path}`;
}

export function shownPath(path: string): string {
  return unitOfPath(path) ?? path;
}

/**
 * Hash of what is accepted. With scrypt, whatever it is: the file that it is written into is kept in git, and
 * a password that was edited by hand is known to nobody here.
 */
export function acceptedValue(
  host: string,
  place: Pick<Accepted, 'path' | 'key'>,
  value: FirstTouch,
): string {
  return slowHash(JSON.stringify(value), ['accepted', host, place.path, place.key ?? ''].join('\u001f'));
}

/** All that is at a path, as a value. */
export function valueOfPath(state: PathState): FirstTouch {
  return state.kind === 'unit'
    ? { kind: 'value', value: `${state.enabled} ${state.active}` }
    : pathValue(state);
}

export function isAcceptedPath(one: AcceptedNow, path: string, state: PathState): boolean {
  if (one.ended || one.key !== undefined || one.path !== shownPath(path)) return false;
  return one.value === acceptedValue(one.host, one, valueOfPath(state));
}

export function isAcceptedItem(one: AcceptedNow, item: Managed, value: FirstTouch): boolean {
  return !one.ended && isFor(one, item) && one.value === acceptedValue(one.host, one, value);
}

/** Whether it was accepted for this very thing, whatever its value. */
export function isFor(one: Pick<Accepted, 'path' | 'key'>, item: Managed): boolean {
  const place = placeOf(item);
  return one.path === place.path && one.key === place.key;
}
