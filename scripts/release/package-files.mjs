// The files of the package, as npm would pack them.
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';

/** `path` from `root`, `mode` in octal as npm writes it. The bundle has to be there already. */
export function packageFiles(root) {
  const words = ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'];
  const [{ files }] = JSON.parse(execFileSync('npm', words, { cwd: root, encoding: 'utf8' }));
  return files
    .map(({ path }) => ({ path, mode: statSync(join(root, path)).mode & 0o100 ? '755' : '644' }))
    .sort((one, other) => (one.path < other.path ? -1 : 1));
}
