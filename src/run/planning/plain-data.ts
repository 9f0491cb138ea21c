/**
 * The data behind a structured clone of them, such as a message between threads, in which a Buffer has become
 * a Uint8Array. Changes the clone itself.
 * https://nodejs.org/api/worker_threads.html#considerations-when-cloning-objects-with-prototypes-classes-and-accessors
 */
export function withBuffers<Data>(data: Data): Data {
  const seen = new Set<unknown>();
  const open: unknown[] = [data];
  const revived = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    if (!seen.has(value)) {
      seen.add(value);
      open.push(value);
    }
    return value;
  };
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next instanceof Map) for (const [key, value] of next) next.set(key, revived(value));
    else if (next instanceof Set) for (const value of next) revived(value);
    else {
      const holder = next as Record<string, unknown>;
      for (const [key, value] of Object.entries(holder)) {
        const now = revived(value);
        if (now !== value) holder[key] = now;
      }
    }
  }
  return data;
}
