import type { Change } from '../../model/change.ts';
import type { SecretRegister } from '../../secrets/register.ts';
import { textOf } from '../items.ts';

/** Warnings about files with a secret that others on the host can read. */
export function exposureWarnings(changes: readonly Change[], secrets: SecretRegister): readonly string[] {
  return changes.flatMap(({ path, after }) => {
    if (after.kind !== 'file' || (after.mode & 0o004) === 0 || !secrets.isIn(textOf(after) ?? '')) return [];
    const mode = after.mode.toString(8).padStart(4, '0');
    return [
      `${path} will contain a secret, and its mode ${mode} lets every user of the host read it: give the file a mode such as '0640' and the group of the service`,
    ];
  });
}
