/** How many clusters a ring has; the last one takes all that are left. */
export type Ring = number | 'rest';

/**
 * Rings as they are written, such as `1,5,rest`: one cluster first, then five, then all others. Undefined for
 * what can't be meant: without `rest` at the end it would not be said what becomes of the others.
 */
export function parseRings(text: string): readonly Ring[] | undefined {
  const words = text.split(',').map((word) => word.trim());
  if (words.pop() !== 'rest') return undefined;
  if (!words.every((word) => /^[1-9]\d{0,5}$/.test(word))) return undefined;
  return [...words.map(Number), 'rest'];
}

/** The clusters in their rings, in the order in which they are given; an empty ring is none. */
export function inRings<Cluster>(
  clusters: readonly Cluster[],
  rings: readonly Ring[],
): readonly (readonly Cluster[])[] {
  let begun = 0;
  const found = rings.map((ring) => {
    const end = ring === 'rest' ? clusters.length : begun + ring;
    const these = clusters.slice(begun, end);
    begun += these.length;
    return these;
  });
  return found.filter((ring) => ring.length > 0);
}
