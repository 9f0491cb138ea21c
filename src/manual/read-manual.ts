import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../package-root.ts';
import type { ManualPage } from './manual-page.ts';

/** The pages in docs/ of the installed program, by name. */
export async function readManual(): Promise<readonly ManualPage[]> {
  const folder = join(packageRoot(), 'docs');
  const stems = (await readdir(folder)).flatMap((name) => /^(.*)\.md$/.exec(name)?.[1] ?? []).sort();
  const names = stems.map((stem) => `${stem}.md`);
  return Promise.all(names.map(async (name) => ({ name, text: await readFile(join(folder, name), 'utf8') })));
}
