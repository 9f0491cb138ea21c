import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { FormatError } from '../formats/format-error.ts';
import { type Directive, scanWalkable } from '../formats/nginx.ts';
import { listCodes } from '../manual/explain-code.ts';
import { readManual } from '../manual/read-manual.ts';
import type { Playbook } from '../model/playbook.ts';
import { packageRoot } from '../package-root.ts';
import { builtInPlaybooks } from '../playbook/read/chain.ts';
import { loadPlaybook } from '../playbook/read/load.ts';
import type { SupportSources } from '../support/bundle.ts';
import { vocabularyOf } from '../support/vocabulary.ts';
import { packageVersion } from '../version.ts';

/** The words that come with this program: those of its playbooks, and the codes in its manual. */
export async function shippedWords(): Promise<Pick<SupportSources, 'program' | 'vocabulary' | 'codes'>> {
  const names = await builtInPlaybooks();
  const [pages, paths, ...playbooks] = await Promise.all([
    readManual(),
    samplePaths(),
    ...names.map((name) => loadPlaybook(name, packageRoot())),
  ]);
  return {
    program: {
      version: packageVersion(),
      node: process.versions.node,
      platform: process.platform,
    },
    vocabulary: vocabularyOf(playbooks, paths),
    codes: new Set(listCodes(pages).map(({ code }) => code)),
  };
}

/** Whether a playbook is one of those that come with the program, and not one that extends it. */
export function isShipped({ file }: Playbook): boolean {
  return dirname(file) === join(packageRoot(), 'playbooks');
}

/** The paths of the files of all samples, and those that nginx's files among them name. */
async function samplePaths(): Promise<readonly string[]> {
  const folder = join(packageRoot(), 'playbooks', 'samples');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = await Promise.all(
    files
      .filter(({ name }) => /\.(?:nginx|site|conf)$/.test(name))
      .map(({ parentPath, name }) => readFile(join(parentPath, name), 'utf8')),
  );
  return [
    ...files.map(({ parentPath, name }) => join(parentPath.slice(folder.length), name).replaceAll(sep, '/')),
    ...texts.flatMap((text) => pathsIn(directivesOf(text))),
  ];
}

function directivesOf(text: string): readonly Directive[] {
  try {
    return scanWalkable(text);
  } catch (error) {
    if (error instanceof FormatError) return [];
    throw error;
  }
}

function pathsIn(directives: readonly Directive[]): readonly string[] {
  return directives.flatMap(({ args, block }) => [
    ...args.map(({ text }) => text).filter((text) => text.startsWith('/')),
    ...pathsIn(block?.directives ?? []),
  ]);
}
