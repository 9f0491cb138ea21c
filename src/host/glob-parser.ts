import { OperatorError } from '../model/operator-error.ts';
import type { Reads } from '../model/reads.ts';
import { isGlob } from '../model/snapshot.ts';

/**
 * The matches of each glob, of those asked for and those found in an `include`, sorted. Throws an
 * OperatorError if a glob has too many.
 */
export function readGlobs(
  records: readonly string[][],
  root: string,
  host: string,
  reads: Reads,
): ReadonlyMap<string, readonly string[]> {
  const globs = new Map(reads.paths.filter(isGlob).map((pattern) => [pattern, [] as string[]] as const));
  for (const [kind, pattern = '', match = ''] of records) {
    if (kind === 'too-many') {
      throw new OperatorError({
        code: 'too-many-matches',
        message: `${pattern} matches ${match} files`,
        next: 'use a narrower pattern in the step',
        host,
      });
    }
    const matches = globs.get(pattern) ?? [];
    globs.set(pattern, matches);
    if (kind === 'match') matches.push(match.slice(root.length));
  }
  for (const matches of globs.values()) matches.sort();
  return globs;
}
