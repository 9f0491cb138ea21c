import { dirname } from 'node:path';
import type { OperatorError } from '../../model/operator-error.ts';
import { stateIn } from '../../model/snapshot.ts';
import { isSystemFolder } from '../../model/system-folders.ts';
import { isWholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';

/** What is said of a file that has never been there, as far as is known. */
export interface NotThere {
  readonly message: string;
  readonly next: string;
}

/**
 * The error for a file that a step edits but never makes; `paths` is where it may be. If an earlier run has
 * edited it, and what it belongs to is still there, somebody has removed it since: nothing has to be
 * installed.
 */
export function missingFile(
  host: StepHost,
  paths: readonly string[],
  { message, next }: NotThere,
): OperatorError {
  const path = paths.find((one) => isGone(host, one));
  if (path === undefined) return host.problem('file-missing', message, next);
  return host.problem(
    'file-gone',
    `${path} is gone: an earlier run has set something in it, and it was removed since`,
    `bring it back from a backup or from its package${howToBringBack(host, path)}, then plan again`,
  );
}

function isGone({ snapshot }: StepHost, path: string): boolean {
  const edited = (snapshot.ledger?.items ?? []).filter((item) => !isWholePath(item));
  if (!edited.some((item) => item.path === path)) return false;
  const folder = dirname(path);
  const isThere = (other: string) => (stateIn(snapshot, other)?.kind ?? 'absent') !== 'absent';
  // Folders of the system say nothing of the software.
  const isFolderThere = !isSystemFolder(folder) && isThere(folder);
  return isFolderThere || edited.some((item) => item.path !== path && isThere(item.path));
}

/** dpkg(1): a configuration file that was removed stays away unless --force-confmiss says otherwise. */
function howToBringBack({ packageManager }: StepHost, path: string): string {
  switch (packageManager) {
    case 'apt-get':
      return ` (dpkg -S ${path} tells which; apt-get install --reinstall -o Dpkg::Options::=--force-confmiss PACKAGE)`;
    case 'dnf':
    case 'yum':
      return ` (rpm -qf ${path} tells which; ${packageManager} reinstall PACKAGE)`;
    default:
      return '';
  }
}
