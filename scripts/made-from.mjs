// What a build was made from: the commit of this repository, if it is in one and nothing else says.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/**
 * `commit`: in full, with `+changes` if files differ from it; `date`: its seconds since 1970, or those of
 * SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/). Either is undefined where
 * nobody knows it.
 */
export function madeFrom(variables = process.env) {
  const named = variables.CLUSTERPROXY_COMMIT || undefined;
  const epoch = variables.SOURCE_DATE_EPOCH || undefined;
  // A copy of the sources may lie within somebody else's repository.
  const here = named === undefined && existsSync('.git') ? head() : undefined;
  const date = epoch ?? here?.date;
  return { commit: named ?? here?.commit, date: date === undefined ? undefined : Number(date) };
}

function head() {
  try {
    const [commit, date] = git('log', '-1', '--format=%H %ct').split(' ');
    // What is new counts where it would go into a package.
    const changed =
      git('status', '--porcelain', '--untracked-files=no') !== '' ||
      git('status', '--porcelain', '--', 'docs', 'examples', 'playbooks', 'schema', 'src') !== '';
    return { commit: changed ? `${commit}+changes` : commit, date };
  } catch {
    return undefined;
  }
}

function git(...words) {
  return execFileSync('git', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}
