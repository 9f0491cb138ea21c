import { realpathSync } from 'node:fs';
import { lstat, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { reasonOf } from '../../document/reason.ts';
import { OperatorError } from '../../model/operator-error.ts';
import type { TakenInventory } from '../../model/taken-inventory.ts';
import { home } from '../../ssh/config/home.ts';
import { exposureOf, quoted } from './exposure.ts';
import { askerOf, wayTo } from './way-to.ts';

/** The variable that names an inventory where `-i` doesn't. */
const inventoryVariable = 'CLUSTERPROXY_INVENTORY';
/** The name by which an inventory is found. */
export const inventoryName = 'clusterproxy.yaml';

export interface Surroundings {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** the working folder, absolute; undefined: it is gone */
  readonly folder: string | undefined;
  /** folders above which nothing is looked for */
  readonly homes: readonly string[];
}

/** Those of this process. */
export function surroundingsHere(variables: Surroundings['variables']): Surroundings {
  let folder: string | undefined;
  try {
    folder = process.cwd();
  } catch {
    // Somebody has removed it.
  }
  return { variables, folder, homes: [home(), homedir()].flatMap(withoutLinks) };
}

/** A folder as it is written, and as the working folder is told below it. */
function withoutLinks(path: string): readonly string[] {
  try {
    return [resolve(path), realpathSync(path)];
  } catch {
    return [resolve(path)];
  }
}

/**
 * The inventory of a command that is given none: the one that CLUSTERPROXY_INVENTORY names, else
 * clusterproxy.yaml in the working folder or the nearest folder above it, up to the root of the repository or
 * the home folder. Throws OperatorError: `no-inventory`, `inventory-exposed` where others could decide what
 * it says, `file-missing`, `file-unreadable`, `file-is-directory`.
 */
export async function findInventory(surroundings: Surroundings): Promise<TakenInventory> {
  const { variables, folder } = surroundings;
  const named = variables[inventoryVariable] ?? '';
  if (named !== '') {
    const path = pathOf(named, surroundings);
    await refuseExposed(path, `${inventoryVariable} names it`);
    return { path, from: 'variable' };
  }
  const { path, upTo } = await search(surroundings);
  if (path === undefined) throw notFound(folder, upTo);
  await refuseExposed(path, 'it was found by its name');
  return { path, from: 'found' };
}

function pathOf(named: string, { folder, homes }: Surroundings): string {
  if (named.startsWith('~/')) return join(homes[0] ?? '/', named.slice(2));
  if (!isAbsolute(named) && folder === undefined) throw folderGone(named);
  return resolve(folder ?? '/', named);
}

async function search({ folder, homes }: Surroundings) {
  for (let at = folder; at !== undefined; at = dirname(at)) {
    const path = join(at, inventoryName);
    if (await exists(path)) return { path, upTo: at };
    if (at === '/' || homes.includes(at) || (await exists(join(at, '.git')))) return { upTo: at };
  }
  return {};
}

/** What can't be looked at counts as there: what lies above must not be taken in its place. */
async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') return true;
    // A link that leads nowhere.
    return code === 'ENOENT' && (await isLink(path));
  }
}

async function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

async function refuseExposed(path: string, because: string): Promise<void> {
  const way = await wayTo(path).catch((error: unknown) => {
    throw unreadable(path, because, error);
  });
  const kind = way.at(-1)?.kind;
  if (kind !== 'file')
    throw new OperatorError({
      code: kind === 'folder' ? 'file-is-directory' : 'file-unreadable',
      message: `the inventory ${path} (${because}) is ${kind === 'folder' ? 'a directory' : 'not a regular file'}`,
      next: 'name your inventory with --inventory',
    });
  const asker = await askerOf(way);
  const exposure = asker === undefined ? undefined : exposureOf(way, asker);
  if (exposure === undefined) return;
  const { why, remedy } = exposure;
  throw new OperatorError({
    code: 'inventory-exposed',
    message: `the inventory ${path} (${because}) is not used: ${why}`,
    next: `if you trust what it says, name it: --inventory ${quoted(path)}${remedy === undefined ? '' : `; or see to it that nobody but you and root can change it: ${remedy}`}`,
    notes: [
      'an inventory names programs that run as you, so one that others can change is used only if you name it',
    ],
  });
}

function unreadable(path: string, because: string, error: unknown): OperatorError {
  const isMissing = ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
  return new OperatorError({
    code: isMissing ? 'file-missing' : 'file-unreadable',
    message: `the inventory ${path} (${because}) ${isMissing ? 'does not exist' : `can't be read: ${reasonOf(error)}`}`,
    next: 'correct the path, or name your inventory with --inventory',
  });
}

function notFound(folder: string | undefined, upTo: string | undefined): OperatorError {
  const above = upTo === folder ? '' : ` or above it (up to ${upTo})`;
  const where = folder === undefined ? 'the working folder, which is gone' : `${folder}${above}`;
  return new OperatorError({
    code: 'no-inventory',
    message: `nothing says which inventory: --inventory is not given, ${inventoryVariable} is not set, and there is no ${inventoryName} in ${where}`,
    next: `name one with --inventory FILE or with ${inventoryVariable}, or write a ${inventoryName}: clusterproxy init`,
  });
}

function folderGone(named: string): OperatorError {
  return new OperatorError({
    code: 'no-inventory',
    message: `${inventoryVariable} names ${named}, below the working folder, which is gone`,
    next: `go to a folder that is there, or name the inventory by its whole path, with --inventory FILE or with ${inventoryVariable}`,
  });
}
