import { createHash } from 'node:crypto';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Folders for an operator's and the packages' files; the others hold what runs there. */
const kept = ['etc', 'usr'];

/**
 * Every file below the hosts' etc and usr, by its path relative to `folder`; SHA-256 in hex, or the target of
 * a link.
 */
export async function checksumsOf(
  folder: string,
  hosts: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const below of hosts.flatMap((host) => kept.map((part) => join('hosts', host, part)))) {
    const entries = await readdir(join(folder, below), { recursive: true, withFileTypes: true }).catch(
      () => [],
    );
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(folder.length + 1);
      if (entry.isSymbolicLink()) found.set(name, `-> ${await readlink(path)}`);
      else if (entry.isFile())
        found.set(
          name,
          createHash('sha256')
            .update(await readFile(path))
            .digest('hex'),
        );
      else if (entry.isDirectory()) found.set(name, 'directory');
    }
  }
  return found;
}

/** The regular files in the format of sha256sum(1). */
export function sha256sumLines(checksums: ReadonlyMap<string, string>): string {
  return [...checksums]
    .filter(([, sum]) => /^[0-9a-f]{64}$/.test(sum))
    .map(([name, sum]) => `${sum}  ${name}\n`)
    .join('');
}

/** Paths that differ or that exist in only one of them. */
export function differences(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  const all = new Set([...before.keys(), ...after.keys()]);
  return [...all].filter((name) => before.get(name) !== after.get(name)).sort();
}
