import type { Change } from '../../model/change.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { Snapshot } from '../../model/snapshot.ts';

/**
 * Why a file can't be changed by putting a new one in its place, as all files are: it is a mount point, over
 * which nothing can be renamed (rename(2), EBUSY), or it has further names, which would keep what it held
 * before. Undefined if each of them can be replaced.
 */
export function notReplaceable(
  { host, mountPoints, secondNames, unsettled }: Snapshot,
  { changes }: { readonly changes: readonly Change[] },
): Problem | undefined {
  const replaced = changes.filter(({ before }) => before.kind === 'file');
  const mounted = replaced.find(({ path }) => mountPoints?.has(path));
  if (mounted !== undefined) return { ...mountPoint(mounted), host };
  // A run that isn't finished has second names of its own, which go when it is settled.
  if (unsettled.length > 0) return undefined;
  const linked = replaced.find(({ path }) => secondNames?.has(path));
  return linked && { ...hardLink(linked), host };
}

function mountPoint({ path, steps }: Change): Problem {
  return {
    code: 'file-mounted',
    message: `${path} is a mount point of its own, as when a single file is bound into a container, so no new file can take its place; nothing was changed`,
    next: `mount the folder of the file in its stead, or change the file where it comes from: findmnt ${path}`,
    step: steps[0],
  };
}

function hardLink({ path, steps }: Change): Problem {
  return {
    code: 'file-has-second-name',
    message: `${path} has a second name (hard link), which would keep the old content when a new file takes the place of the first; nothing was changed`,
    next: `find the other name (find / -xdev -samefile ${path}); then remove it, or separate the two: cp -p ${path} ${path}.new && mv ${path}.new ${path}`,
    step: steps[0],
  };
}
