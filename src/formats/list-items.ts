import { FormatError } from './format-error.ts';
import type { KeyedFormat, Value } from './keyed-format.ts';
import { isList, sameValue } from './text.ts';

/** The text with the missing ones of `items` added to the list at `key`; a missing list is created. */
export function addItems(
  format: KeyedFormat,
  text: string,
  key: readonly string[],
  items: readonly Value[],
): string {
  const list = listAt(format, text, key) ?? [];
  const missing = items.filter(
    (item, i) =>
      !list.some((one) => sameValue(one, item)) && items.findIndex((one) => sameValue(one, item)) === i,
  );
  return missing.length === 0 ? text : format.set(text, key, [...list, ...missing]);
}

function listAt(format: KeyedFormat, text: string, key: readonly string[]): readonly Value[] | undefined {
  const value = format.get(text, key) ?? undefined;
  if (value !== undefined && !isList(value)) {
    throw new FormatError(`${key.join('.')} is ${JSON.stringify(value)}; expected a list`);
  }
  return value;
}

/** `root` with `value` at `key`: what the text must read as after the edit. */
export function withValue(root: Value, key: readonly string[], value: Value): Value {
  const [name, ...rest] = key;
  if (name === undefined) {
    return value;
  }
  const map = typeof root === 'object' && root !== null && !isList(root) ? root : {};
  return { ...map, [name]: withValue(Object.hasOwn(map, name) ? (map[name] ?? null) : null, rest, value) };
}

/**
 * `root` without `key` and without the maps around it that held nothing else; undefined if nothing is left.
 */
export function withoutKey(root: Value, key: readonly string[]): Value | undefined {
  const [name, ...rest] = key;
  if (name === undefined || typeof root !== 'object' || root === null || isList(root)) {
    return undefined;
  }
  const entries = Object.entries(root).flatMap(([one, value]) => {
    const kept = one === name ? withoutKey(value, rest) : value;
    return kept === undefined ? [] : [[one, kept] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** A value without what holds nothing in its maps: null, and maps of such; undefined if nothing is left. */
export function withoutHollow(value: Value): Value | undefined {
  if (value === null) return undefined;
  if (typeof value !== 'object' || isList(value)) return value;
  const entries = Object.entries(value).flatMap(([name, item]) => {
    const kept = withoutHollow(item);
    return kept === undefined ? [] : [[name, kept] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
