import { realpath } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';

/**
 * Path of a file that a playbook names and that has to be in the playbook's folder or below; undefined if it
 * isn't, by its name or by a link: whoever shares a playbook shares its folder, and whoever reviews it reads
 * what is there. A file that doesn't exist is found missing when it is read.
 */
export async function besidePlaybook(playbook: string, name: string): Promise<string | undefined> {
  if (name.startsWith('/') || name.split('/').includes('..')) return undefined;
  const folder = dirname(playbook);
  const file = resolve(folder, name);
  try {
    const [realFolder, realFile] = await Promise.all([realpath(folder), realpath(file)]);
    return realFile.startsWith(realFolder.endsWith(sep) ? realFolder : realFolder + sep) ? file : undefined;
  } catch {
    return file;
  }
}
