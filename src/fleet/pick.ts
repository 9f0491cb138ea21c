/** What a cluster can be chosen by. */
export interface Named {
  /** undefined where its inventory can't be read */
  readonly name: string | undefined;
  /** the file of the inventory, as it was found */
  readonly inventory: string;
}

/**
 * The clusters that one of the patterns matches, by their name or the path of their inventory: `*` and `?`
 * stand for anything, `!` before a pattern leaves out what it matches. With nothing but such ones, all others
 * are chosen.
 */
export function pickClusters<Cluster extends Named>(
  clusters: readonly Cluster[],
  patterns: readonly string[],
): readonly Cluster[] {
  const without = patterns.flatMap((one) => (one.startsWith('!') ? [one.slice(1)] : []));
  const wanted = patterns.filter((one) => !one.startsWith('!'));
  return clusters.filter(
    (cluster) =>
      (wanted.length === 0 || wanted.some((one) => isMeant(cluster, one))) &&
      !without.some((one) => isMeant(cluster, one)),
  );
}

/** The patterns that match none of them. */
export function unmatched(clusters: readonly Named[], patterns: readonly string[]): readonly string[] {
  return patterns.filter((one) => !clusters.some((cluster) => isMeant(cluster, one.replace(/^!/, ''))));
}

function isMeant({ name, inventory }: Named, pattern: string): boolean {
  const expression = expressionOf(pattern);
  const file = inventory.slice(inventory.lastIndexOf('/') + 1);
  return [name, inventory, file].some((text) => text !== undefined && expression.test(text));
}

function expressionOf(pattern: string): RegExp {
  const parts = [...pattern].map((character) => {
    if (character === '*') return '.*';
    return character === '?' ? '.' : character.replace(/[\\^$.|+()[\]{}/]/, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`, 'su');
}
