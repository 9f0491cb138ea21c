import { realpath, stat } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OperatorError, type Problem } from '../model/operator-error.ts';
import { isSingleFile } from '../package-root.ts';
import { type OnTheWay, placeProblem } from './obstacles.ts';
import { findAccount } from './systemd.ts';

/**
 * The words by which this program is started as it runs now, each absolute and without links: node and its
 * bundle, or the one file where it is a single binary.
 */
export async function programHere(): Promise<readonly string[]> {
  const node = await realpath(process.execPath);
  if (isSingleFile) return [node];
  const started = process.argv[1] === undefined ? undefined : await realpath(process.argv[1]);
  if (started !== undefined && /^main\.[jt]s$/.test(basename(started))) return [node, started];
  // Bundled, all parts lie in the folder of the program.
  return [node, join(dirname(fileURLToPath(import.meta.url)), 'main.js')];
}

/** The inventory by its absolute path. A link stays one: it may lead to another version tomorrow. */
export function absolute(file: string): string {
  return resolve(file);
}

/** A file by its path within the repository that it is in; by its mere name where it is in none. */
export async function inCheckout(file: string): Promise<string> {
  const path = resolve(file);
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (await stat(join(folder, '.git')).catch(() => undefined)) return relative(folder, path);
    if (folder === dirname(folder)) return basename(path);
  }
}

/** Everything between / and a file, links followed. */
async function wayTo(file: string): Promise<readonly OnTheWay[]> {
  const way: OnTheWay[] = [];
  for (let path = await realpath(file); ; path = dirname(path)) {
    const { mode, uid, gid } = await stat(path);
    way.unshift({ path, mode, uid, gid });
    if (path === '/') return way;
  }
}

/** The account that a schedule has, and its home. Throws OperatorError `schedule-account`. */
export async function accountHere(name: string | undefined): Promise<{
  readonly name: string;
  readonly uid: number;
  readonly home: string;
}> {
  const own = userInfo();
  if (name === undefined || name === own.username)
    return { name: own.username, uid: own.uid, home: own.homedir };
  const found = await findAccount(name);
  if (found !== undefined) return found;
  throw new OperatorError({
    code: 'schedule-account',
    message: `this machine has no account ${name}`,
    next: 'give --run-as the account whose ssh keys open the hosts',
  });
}

/** Why the program and the inventory can't be used by a schedule from where they are. */
export async function placeProblems(
  program: readonly string[],
  inventory: string,
  uid: number,
): Promise<readonly Problem[]> {
  const temporaryFolder = await realpath(tmpdir()).catch(() => '/tmp');
  const things = [
    ...program.map((file) => ['the program', file] as const),
    ['the inventory', inventory] as const,
  ];
  const problems = await Promise.all(
    things.map(async ([what, file]) => placeProblem(what, await wayTo(file), { uid, temporaryFolder })),
  );
  return problems.flatMap((problem) => problem ?? []);
}
