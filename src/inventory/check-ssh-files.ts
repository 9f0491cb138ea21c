import { access, constants } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { valueAt } from '../document/found-value.ts';
import type { YamlDocument, YamlPath } from '../document/yaml-document.ts';
import type { Problem } from '../model/operator-error.ts';
import { home } from '../ssh/config/home.ts';
import { hostEntries } from './host-entries.ts';

/** A path of the inventory as an absolute one: it is relative to the inventory, and `~/` is one's home. */
export function sshPath(name: string, inventory: string): string {
  return name.startsWith('~/') ? resolve(home(), name.slice(2)) : resolve(dirname(inventory), name);
}

/**
 * ssh configurations that the inventory names and that can't be read: without them, hosts would be looked for
 * where their names lead, and logged in to as somebody else.
 */
export async function sshFileProblems(document: YamlDocument): Promise<readonly Problem[]> {
  const holders: readonly YamlPath[] = [[], ...hostEntries(document.value).map(({ path }) => path)];
  const found = await Promise.all(
    holders.map(async (holder) => {
      const path = [...holder, 'ssh', 'config'];
      const value = valueAt(document.value, path);
      if (typeof value !== 'string' || value === '' || value === 'none') return [];
      const file = sshPath(value, document.file);
      // The operator's own, as without this key: there may be none.
      if (file === resolve(home(), '.ssh/config')) return [];
      const reason = await whyUnreadable(file);
      if (reason === undefined) return [];
      return [
        document.problem(path, {
          code: 'ssh-config-missing',
          message: `the ssh configuration ${file} ${reason}`,
          next: 'correct the path (it is relative to the inventory), or write none to read no configuration',
        }),
      ];
    }),
  );
  // Hosts may share a part of the file by an alias.
  const places = new Map(found.flat().map((problem) => [JSON.stringify(problem.location), problem]));
  return [...places.values()];
}

async function whyUnreadable(file: string): Promise<string | undefined> {
  try {
    await access(file, constants.R_OK);
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist';
    return code === 'EACCES' ? "can't be read: permission denied" : `can't be read: ${message}`;
  }
}
