import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../package-root.ts';
import type { ManualPage } from './manual-page.ts';

/** The pages in docs/ of the installed program, by name. */
export async function readManual(): Promise<readonly ManualPage[]> {
  const folder = join(packageRoot(), 'docs');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.md')).sort();
  return Promise.all(names.map(async (name) => ({ name, text: await readFile(join(folder, name), 'utf8') })));
}
