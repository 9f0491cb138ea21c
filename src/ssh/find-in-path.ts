import { access } from 'node:fs/promises';
import { join } from 'node:path';

/** The program that a shell would start; undefined if there is none. */
export async function findInPath(name: string): Promise<string | undefined> {
  for (const directory of (process.env.PATH ?? '').split(':')) {
    const file = join(directory === '' ? '.' : directory, name);
    const isThere = await access(file).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return undefined;
}
