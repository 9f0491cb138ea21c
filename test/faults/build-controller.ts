import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { packageRoot } from '../../src/package-root.ts';
import type { Lab } from '../lab/lab.ts';

/** Path of controller.ts as a program that Node.js runs; it goes away with the lab. */
export async function buildController(lab: Lab): Promise<string> {
  const folder = join(lab.directory, 'controller');
  await mkdir(folder);
  // What the program finds beside it, as if it were in the package.
  for (const name of ['package.json', 'node_modules', 'src']) {
    await symlink(join(packageRoot(), name), join(folder, name));
  }
  const outfile = join(folder, 'controller.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'controller.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
  return outfile;
}
