import { realpath } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { OperatorErrors, type Problem } from '../../model/operator-error.ts';

/** What of a pattern stands for more than itself; a path without it is taken as it is. */
const magic = /[*?[\]{}()!+@]/;
/** Beside an inventory; see src/inventory/accepted-file.ts. */
const accepted = /\.accepted\.yaml$/;

/**
 * The inventories that the patterns name, in their order, those of one pattern sorted by their paths; each
 * once, also where a link leads to it. Throws OperatorErrors with every pattern that no file matches; a file
 * that is named without a pattern is one of them even if it is missing.
 */
export async function findInventories(patterns: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  const problems: Problem[] = [];
  for (const pattern of patterns) {
    const files = magic.test(pattern) ? await matching(pattern) : [pattern];
    if (files.length === 0) problems.push(nothingMatches(pattern));
    found.push(...files);
  }
  if (problems.length > 0) throw new OperatorErrors(problems);
  const places = new Map<string, string>();
  for (const file of found) {
    const place = await realpath(file).catch(() => file);
    if (!places.has(place)) places.set(place, file);
  }
  return [...places.values()];
}

async function matching(pattern: string): Promise<readonly string[]> {
  const { glob } = await import('tinyglobby');
  const options = { expandDirectories: false, onlyFiles: true, absolute: isAbsolute(pattern) };
  const files = await glob(pattern, options);
  const named = files.filter((file) => !accepted.test(file));
  return named.toSorted((one, other) => (one < other ? -1 : 1));
}

function nothingMatches(pattern: string): Problem {
  return {
    code: 'fleet-no-inventory',
    message: `no file matches ${pattern} in ${process.cwd()}`,
    next: 'name the files of your inventories, such as -i "clusters/*.yaml" with quotes; ** stands for folders in between',
  };
}
