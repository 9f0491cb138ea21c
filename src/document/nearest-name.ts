/** The known name that `name` was most likely meant to be; undefined if none is close. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  return nearNames(name, known)[0];
}

/** The known names that `name` may have been meant to be, the nearest one first; none if none is close. */
export function nearNames(name: string, known: Iterable<string>): readonly string[] {
  const lowered = name.toLowerCase();
  const limit = Math.max(1, Math.floor(name.length / 3));
  return [...known]
    .map((candidate) => ({ candidate, distance: editDistance(lowered, candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .sort((one, other) => one.distance - other.distance)
    .map(({ candidate }) => candidate);
}

/** What to do about an unknown name: suggest the nearest known name, or else list all of them. */
export function knownNamesHint(name: string, known: Iterable<string>): string {
  const names = [...known];
  const nearest = nearestName(name, names);
  if (nearest !== undefined) return `did you mean ${nearest}?`;
  return names.length === 0 ? 'remove it: no names are defined here' : `use one of: ${names.join(', ')}`;
}

/**
 * Damerau-Levenshtein distance (optimal string alignment): insertions, deletions, substitutions and
 * transpositions of neighbours.
 */
export function editDistance(one: string, other: string): number {
  let previous: number[] = [];
  let current = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row++) {
    const beforePrevious = previous;
    previous = current;
    current = [row];
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1];
      const swapped = row > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      current[column] = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (beforePrevious[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
  }
  return current[other.length] ?? 0;
}
