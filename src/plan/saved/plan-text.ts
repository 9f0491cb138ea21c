/**
 * Plain data, such as a plan, as JSON text. Whatever JSON lacks becomes an object with one key that is
 * reserved for it:
 *
 *     bytes         {"$bytes": "aGVsbG8K"}         in base64
 *     a Map         {"$map": [[KEY, VALUE], …]}    in its order
 *     a Set         {"$set": [VALUE, …]}           in its order
 *     an object     {"$object": {…}}               if its only key is one of these
 *
 * Keys keep their order; those without a value are left out. Throws for anything that isn't plain data: a
 * function, an object of a class, a number that isn't finite, a list with holes.
 */
export function planText(data: unknown): string {
  return JSON.stringify(encoded(data));
}

/** The data behind a text of `planText`. Throws a SyntaxError if it isn't JSON. */
export function planFromText<Data>(text: string): Data {
  return decoded(JSON.parse(text)) as Data;
}

const reserved = ['$bytes', '$map', '$set', '$object'];

function encoded(data: unknown): unknown {
  if (data === null || typeof data === 'string' || typeof data === 'boolean') return data;
  if (typeof data === 'number' && Number.isFinite(data)) return data;
  if (data instanceof Uint8Array) return { $bytes: Buffer.from(data).toString('base64') };
  if (Array.isArray(data)) return Array.from(data, encoded);
  if (data instanceof Map) return { $map: [...data].map(encoded) };
  if (data instanceof Set) return { $set: [...data].map(encoded) };
  if (!isPlainObject(data)) throw new Error(`not plain data: ${typeof data} ${String(data)}`);
  const entries = Object.entries(data)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, encoded(value)] as const);
  const object = Object.fromEntries(entries);
  return isReserved(entries.map(([key]) => key)) ? { $object: object } : object;
}

function decoded(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data;
  if (Array.isArray(data)) return data.map(decoded);
  const [[key, value] = [], ...more] = Object.entries(data);
  if (more.length === 0) {
    if (key === '$bytes') return Buffer.from(String(value), 'base64');
    if (key === '$map') return new Map(decoded(value) as [unknown, unknown][]);
    if (key === '$set') return new Set(decoded(value) as unknown[]);
    if (key === '$object') return decodedEntries(value as object);
  }
  return decodedEntries(data);
}

function decodedEntries(data: object): unknown {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, decoded(value)]));
}

function isPlainObject(data: unknown): data is object {
  if (typeof data !== 'object' || data === null) return false;
  const prototype: unknown = Object.getPrototypeOf(data);
  return prototype === Object.prototype || prototype === null;
}

function isReserved(keys: readonly string[]): boolean {
  return keys.length === 1 && reserved.includes(keys[0] ?? '');
}
