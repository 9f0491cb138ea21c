import type { Change } from '../../model/change.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { Stage } from '../../model/plan.ts';
import { type ExposedFolder, type Snapshot, stateIn } from '../../model/snapshot.ts';

/**
 * Why nothing in /var/lib/clusterproxy can be trusted; undefined if the folder is ours. The host itself also
 * refuses.
 */
export function foreignState({ host, foreignState: foreign }: Snapshot): Problem | undefined {
  if (foreign !== true) return undefined;
  return {
    code: 'folder-not-roots',
    message: '/var/lib/clusterproxy is a link, or belongs to another account',
    next: 'find out who made it, and move it out of the way: clusterproxy will create it again as a folder of root',
    host,
  };
}

/**
 * Why the changes and archives of a stage can't be carried out: one of them is in a folder in which an
 * account other than root may create or rename entries, and so could redirect root. Undefined if only root
 * may do so, or if the step has named the account. The host checks again before it prepares anything.
 */
export function notRoots(
  snapshot: Snapshot,
  { changes, actions = [] }: Pick<Stage, 'changes'> & Partial<Pick<Stage, 'actions'>>,
): Problem | undefined {
  for (const change of changes) {
    const problem = refused(snapshot, change, changes);
    if (problem !== undefined) return { host: snapshot.host, step: change.steps[0], ...problem };
  }
  for (const { action, step } of actions) {
    if (action.run.kind !== 'unpack') continue;
    const { directory } = action.run;
    const [folder] = snapshot.exposed?.get(folderOf(directory)) ?? [];
    if (folder === undefined) continue;
    const next = `unpack it into a folder that belongs to root, or ${remedy(folder)}`;
    return { code, host: snapshot.host, step, message: placed(directory, folder), next };
  }
  return undefined;
}

const code = 'folder-not-roots';

function refused(
  snapshot: Snapshot,
  { path, kind, folderOf: accounts = [] }: Change,
  changes: readonly Change[],
): Omit<Problem, 'host'> | undefined {
  if (kind === 'unit') return undefined;
  const parent = folderOf(path);
  const exposed = [...plannedFolders(parent, changes, snapshot), ...(snapshot.exposed?.get(parent) ?? [])];
  const linked = exposed.find(({ link }) => link);
  if (linked !== undefined) {
    const message = `the path ${path} follows a link in ${linked.path}, where ${whom(linked)} may create or rename entries`;
    return { code, message, next: 'write the path without that link' };
  }
  const unnamed = exposed.find((folder) => !isNamed(folder, accounts));
  if (unnamed !== undefined) {
    const named = unnamed.by.includes('others') ? '' : `, or name the account in the step: ${asked(unnamed)}`;
    return { code, message: placed(path, unnamed), next: `${remedy(unnamed)}${named}` };
  }
  if (exposed.length === 0 || stateIn(snapshot, parent)?.kind !== 'absent') return undefined;
  return {
    code,
    message: `${parent} does not exist, and would be created for ${path} in a folder of another account`,
    next: `create ${parent} in an earlier stage of the playbook`,
  };
}

/**
 * Folders leading to `folder`, including itself, that will belong to another account, or are already to be
 * given to one.
 */
function plannedFolders(
  folder: string,
  changes: readonly Change[],
  { user: self, group: ownGroup }: Snapshot,
): readonly ExposedFolder[] {
  return changes.flatMap(({ path, after }): readonly ExposedFolder[] => {
    if (after.kind !== 'directory' || (path !== folder && !folder.startsWith(`${path}/`))) return [];
    const { mode, user, group } = after;
    const by = [
      ...(user === 'root' || user === self ? [] : (['owner'] as const)),
      ...((mode & 0o020) === 0 || group === 'root' || group === ownGroup ? [] : (['group'] as const)),
      ...((mode & 0o002) === 0 ? [] : (['others'] as const)),
    ];
    return by.length === 0 ? [] : [{ path, mode, user, group, by, link: false }];
  });
}

/**
 * Whether the step has named everyone who may create or rename entries there: USER, with the group of that
 * name, USER:GROUP or :GROUP.
 */
function isNamed({ by, user, group }: ExposedFolder, accounts: readonly string[]): boolean {
  const named = accounts.map((account) => account.split(':'));
  return by.every((who) => {
    if (who === 'others') return false;
    return named.some(([name, groupName]) =>
      who === 'owner' ? name === user : (groupName ?? name) === group,
    );
  });
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

function placed(path: string, folder: ExposedFolder): string {
  return `${path} is in ${folder.path}, where ${whom(folder)} may create or rename entries and so redirect root to other files`;
}

function whom({ by, user, group }: ExposedFolder): string {
  if (by.includes('others')) return 'anybody';
  return by.map((who) => (who === 'owner' ? user : `the group ${group}`)).join(' and ');
}

function remedy({ path, by }: ExposedFolder): string {
  const commands = [
    ...(by.includes('owner') ? [`chown root: ${path}`] : []),
    ...(by.includes('group') || by.includes('others') ? [`chmod go-w ${path}`] : []),
  ];
  return `give that folder to root: ${commands.join('; ')}`;
}

function asked({ by, user, group }: ExposedFolder): string {
  const name = by.includes('owner') ? user : '';
  return `folder_of: '${by.includes('group') ? `${name}:${group}` : name}'`;
}
