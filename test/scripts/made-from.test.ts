import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = join(import.meta.dirname, '../../scripts/made-from.mjs');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-made-from-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const seconds = 1_700_000_000;
const git = (...words: readonly string[]) =>
  execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...words], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, GIT_AUTHOR_DATE: `${seconds} +0000`, GIT_COMMITTER_DATE: `${seconds} +0000` },
  }).trim();

/** What a build in the folder is made from. */
function madeFrom(variables: Record<string, string> = {}): { commit?: string; date?: number } {
  const line = `import(${JSON.stringify(script)}).then(({madeFrom}) => console.log(JSON.stringify(madeFrom())))`;
  const { CLUSTERPROXY_COMMIT: _, SOURCE_DATE_EPOCH: __, ...others } = process.env;
  const options = { cwd: folder, encoding: 'utf8', env: { ...others, ...variables } } as const;
  return JSON.parse(execFileSync(process.execPath, ['-e', line], options));
}

describe('what a build was made from', () => {
  it('is the last commit and its time, and whether files differ from it', () => {
    git('init', '--quiet');
    writeFileSync(join(folder, 'file'), 'as committed');
    git('add', 'file');
    git('commit', '--quiet', '--message=first');
    const commit = git('rev-parse', 'HEAD');
    expect(madeFrom()).toEqual({ commit, date: seconds });
    writeFileSync(join(folder, 'untracked'), '');
    expect(madeFrom()).toEqual({ commit, date: seconds });
    writeFileSync(join(folder, 'file'), 'changed');
    expect(madeFrom()).toEqual({ commit: `${commit}+changes`, date: seconds });
  });

  it('is what the environment says, where that is', () => {
    expect(madeFrom({ CLUSTERPROXY_COMMIT: 'abc', SOURCE_DATE_EPOCH: '12' })).toEqual({
      commit: 'abc',
      date: 12,
    });
  });

  it('is unknown in a copy without a repository, and in a repository without a commit', () => {
    expect(madeFrom()).toEqual({});
    git('init', '--quiet');
    expect(madeFrom()).toEqual({});
  });
});
