import fs from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { FileSystemAdapter } from 'tinyglobby';
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
  const named = new Set(found);
  const isBesideOne = (file: string) =>
    ['.yaml', '.yml'].some((end) => accepted.test(file) && named.has(file.replace(accepted, end)));
  const places = new Map<string, string>();
  for (const file of found.filter((one) => !isBesideOne(one))) {
    const place = await realpath(file).catch(() => file);
    if (!places.has(place)) places.set(place, file);
  }
  return [...places.values()];
}

async function matching(pattern: string): Promise<readonly string[]> {
  const { glob } = await import('tinyglobby');
  const { folder, rest } = await splitPattern(pattern);
  const options = { cwd: folder, fs: withLostLinks, expandDirectories: false, onlyFiles: true };
  const files = await glob(rest, options);
  const named = files.map((file) => join(folder, file)).filter((file) => !accepted.test(file));
  return named.toSorted((one, other) => (one < other ? -1 : 1));
}

/** The folder that a pattern begins with: one that is there is none, whatever stands in its name. */
async function splitPattern(pattern: string): Promise<{ readonly folder: string; readonly rest: string }> {
  const parts = pattern.split('/');
  let length = 0;
  while (length < parts.length - 1 && (await isFolder(`${parts.slice(0, length + 1).join('/')}/`))) length++;
  const folder = parts.slice(0, length).join('/');
  return {
    folder: folder === '' ? (isAbsolute(pattern) ? '/' : '.') : folder,
    rest: parts.slice(length).join('/'),
  };
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/**
 * For a link that leads nowhere, itself: it is a cluster that can't be looked at, and must not be passed over
 * in silence.
 */
const withLostLinks = {
  realpath: (path: string, found: (error: Error | null, real: string) => void) =>
    fs.realpath(path, (error, real) => found(null, error === null ? real : path)),
  stat: (path: string, found: (error: Error | null, stats: fs.Stats) => void) =>
    fs.stat(path, (error, stats) => (error === null ? found(null, stats) : fs.lstat(path, found))),
  // Those of node:fs have further forms, of which none is called.
} as unknown as FileSystemAdapter;

function nothingMatches(pattern: string): Problem {
  return {
    code: 'fleet-no-inventory',
    message: `no file matches ${pattern} in ${process.cwd()}`,
    next: 'name the files of your inventories, such as -i "clusters/*.yaml" with quotes; ** stands for folders in between',
  };
}
