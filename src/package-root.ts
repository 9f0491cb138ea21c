import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The directory that holds package.json, and with it playbooks/, schema/ and docs/: found by walking up, because the
 * bundle in dist/ and the sources in src/ lie at different depths.
 */
export function packageRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'package.json'))) {
    const parent = dirname(directory);
    if (parent === directory) throw new Error('no package.json above the program: the installation is broken');
    directory = parent;
  }
  return directory;
}
