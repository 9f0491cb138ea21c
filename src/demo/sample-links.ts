import { mkdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { builtFolder } from '../package-root.ts';

/** What each link below playbooks/samples leads to, by its path from there. */
export type Links = Readonly<Record<string, string>>;

/**
 * The links of all samples, as the build has listed them: packages of npm hold none. Sources that run as they
 * are have their links, and no list.
 */
export async function listedLinks(): Promise<Links> {
  const list = await readFile(join(builtFolder(), 'links.json'), 'utf8').catch(() => '{}');
  return JSON.parse(list) as Links;
}

/** Makes those links of a sample, such as `bigbluebutton/3.0`, that its copy in `root` lacks. */
export async function addLinks(root: string, sample: string, links: Links): Promise<void> {
  for (const [path, target] of Object.entries(links)) {
    if (!path.startsWith(`${sample}/`)) continue;
    const link = join(root, path.slice(sample.length));
    await mkdir(dirname(link), { recursive: true });
    await symlink(target, link).catch(ignoreExisting);
  }
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
