import { lstat, readFile, readlink } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import type { Asker, OnTheWay } from './exposure.ts';

/** As many as the kernel follows (path_resolution(7)). */
const mostLinks = 40;

/**
 * Everything that is passed on the way to a file, from / on: each folder in which one of its names is looked
 * up, each link that is followed, and the file. Throws the system's error.
 */
export async function wayTo(file: string): Promise<readonly OnTheWay[]> {
  const way: OnTheWay[] = [];
  let links = 0;
  const pass = async (path: string): Promise<OnTheWay> => {
    const stat = await lstat(path);
    const kind = stat.isDirectory()
      ? 'folder'
      : stat.isSymbolicLink()
        ? 'link'
        : stat.isFile()
          ? 'file'
          : 'other';
    const passed: OnTheWay = { path, kind, mode: stat.mode & 0o7777, uid: stat.uid, gid: stat.gid };
    if (!way.some((one) => one.path === path)) way.push(passed);
    return passed;
  };
  await pass('/');
  let at = '/';
  const names = namesIn(file);
  while (names.length > 0) {
    const name = names.shift() ?? '';
    if (name === '..') {
      at = dirname(at);
      continue;
    }
    const passed = await pass(join(at, name));
    if (passed.kind !== 'link') {
      at = passed.path;
      continue;
    }
    links += 1;
    if (links > mostLinks) throw Object.assign(new Error('too many links'), { code: 'ELOOP' });
    const target = await readlink(passed.path);
    names.unshift(...namesIn(target));
    if (target.startsWith('/')) at = '/';
  }
  return way;
}

function namesIn(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

/**
 * Who asks. Only where something may be written by a group is looked up whether there is anybody else in it:
 * many systems give each account a group of its own, and its files to that (pam_umask(8), usergroups).
 */
export async function askerOf(way: readonly OnTheWay[]): Promise<Asker | undefined> {
  const uid = process.geteuid?.();
  const gid = process.getegid?.();
  if (uid === undefined || gid === undefined) return undefined;
  const asks = way.some((one) => one.kind !== 'link' && (one.mode & 0o020) !== 0 && one.gid === gid);
  return { uid, ownGroups: new Set(asks && (await isAlone(gid)) ? [gid] : []) };
}

async function isAlone(gid: number): Promise<boolean> {
  try {
    const { username } = userInfo();
    const groups = await recordsIn('/etc/group');
    const accounts = await recordsIn('/etc/passwd');
    const group = groups.find((one) => one[2] === String(gid));
    if (group === undefined || group[0] !== username) return false;
    const members = (group[3] ?? '').split(',').filter((name) => name !== '');
    const primary = accounts.filter((one) => one[3] === String(gid)).map(([name = '']) => name);
    return [...members, ...primary].every((name) => name === username);
  } catch {
    // An account that this machine doesn't list.
    return false;
  }
}

async function recordsIn(file: string): Promise<readonly (readonly string[])[]> {
  return (await readFile(file, 'utf8')).split('\n').map((line) => line.split(':'));
}
