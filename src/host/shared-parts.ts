import { createHash } from 'node:crypto';

/**
 * Hosts of a cluster have most of their files alike. Each content is kept once, for as long as some host's
 * snapshot holds it.
 */
const contents = new Map<string, WeakRef<Buffer>>();

/** How many are known by then before those that nobody holds any more are looked for. */
let sweepAt = 1_024;

/** A buffer with these bytes, which nobody may change: the same for all that ask for the same bytes. */
export function sharedContent(bytes: Buffer): Buffer {
  const key = createHash('sha256').update(bytes).digest('base64');
  const known = contents.get(key)?.deref();
  if (known !== undefined) return known;
  // Not from the pool: a small file that is kept would keep all others that happen to be in its piece.
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  contents.set(key, new WeakRef(copy));
  if (contents.size > sweepAt) sweep();
  return copy;
}

function sweep(): void {
  for (const [key, ref] of contents) if (ref.deref() === undefined) contents.delete(key);
  sweepAt = Math.max(1_024, 2 * contents.size);
}

const texts = new Map<string, string>();
const mostTexts = 16_384;

/**
 * The same words for all hosts, such as paths and names of units. A piece of an answer is a view of the whole
 * answer, which would be kept along with it: what is returned is a text of its own.
 */
export function sharedText(text: string): string {
  const known = texts.get(text);
  if (known !== undefined) return known;
  if (texts.size >= mostTexts) texts.clear();
  const own = Buffer.from(text, 'utf8').toString('utf8');
  texts.set(own, own);
  return own;
}
