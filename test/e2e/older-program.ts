import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mustRun } from '../lab/command.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));

/** The last commit with the layout on hosts that version 0.1 had. */
const subject = 'Refuse a host of another cluster as soon as it is looked at';

/** Hash of that commit; undefined where the clone's history doesn't reach back to it. */
export function olderCommit(): string | undefined {
  const found = spawnSync('git', ['log', '-1', '--format=%H', '--fixed-strings', `--grep=${subject}`], {
    cwd: project,
    encoding: 'utf8',
  });
  return found.stdout?.trim() || undefined;
}

/** Path of version 0.1's program, built once below .cache from the history of this repository. */
export async function buildOlderProgram(commit: string): Promise<string> {
  const folder = join(project, '.cache', `older-${commit.slice(0, 12)}`);
  const main = join(folder, 'dist/main.js');
  if (existsSync(main)) return main;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const unpack = `git archive ${commit} src playbooks scripts package.json | tar -x -C "$1"`;
  await mustRun('sh', ['-c', unpack, 'sh', folder], { cwd: project });
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'));
  await mustRun(process.execPath, ['scripts/build.mjs'], { cwd: folder });
  return main;
}
