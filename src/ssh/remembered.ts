/**
 * The known value, or else the one that `find` returns, which is kept. A promise is kept as soon as it is
 * made.
 */
export function remembered<Key, Value>(known: Map<Key, Value>, key: Key, find: () => Value): Value {
  const before = known.get(key);
  if (before !== undefined) return before;
  const found = find();
  known.set(key, found);
  return found;
}
