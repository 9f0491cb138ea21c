import type { ExposedFolder } from '../model/snapshot.ts';
import type { PathTable } from './path-table.ts';

/** The root that the program on the host uses: as it was given, and as the kernel names it. */
export interface HostRoot {
  readonly told: string;
  readonly top: string;
}

/**
 * From the route of each path (`ways` of probe.sh: a folder or link, its real path, the missing rest, and the
 * folders in which a link was followed), determines the folders in which other users can create names. Paths
 * are relative to the host's own root.
 */
export function exposedFolders(
  ways: readonly (readonly string[])[],
  table: PathTable,
  { told, top }: HostRoot,
): ReadonlyMap<string, readonly ExposedFolder[]> {
  const found = new Map<string, readonly ExposedFolder[]>();
  for (const [name, physical = '', , ...turns] of ways) {
    if (name === undefined) continue;
    const linked = new Set(turns.flatMap((turn) => upwards(turn, top)));
    const all = new Set([...upwards(physical, top), ...linked]);
    const exposed = [...all].flatMap((folder) => judge(folder, table, top, linked.has(folder)));
    if (exposed.length > 0) found.set(without(name, told), exposed);
  }
  return found;
}

/** A folder and all its parents, up to the host's root; the host has no say above that. */
function upwards(folder: string, top: string): readonly string[] {
  if (folder === top) return [folder];
  if (!folder.startsWith(`${top}/`)) return [];
  return [folder, ...upwards(folder.slice(0, folder.lastIndexOf('/')), top)];
}

function judge(folder: string, table: PathTable, top: string, link: boolean): readonly ExposedFolder[] {
  const found = table.folder(folder);
  if (found === undefined) return [];
  const { mode, user, group, uid, gid } = found;
  const self = table.self();
  const by = [
    ...(uid === '0' || uid === self.uid ? [] : (['owner'] as const)),
    ...((mode & 0o020) === 0 || gid === '0' || gid === self.gid ? [] : (['group'] as const)),
    ...((mode & 0o002) === 0 ? [] : (['others'] as const)),
  ];
  return by.length === 0 ? [] : [{ path: without(folder, top), mode, user, group, by, link }];
}

function without(name: string, root: string): string {
  return name.startsWith(root) ? name.slice(root.length) || '/' : name;
}
