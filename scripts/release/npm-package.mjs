// Makes the package for npm. The modes of its files are those that git knows, whatever the umask was.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { packageFiles } from './package-files.mjs';

/** `root`: the sources, with dist/ built; `folder`: where the package is written, by npm's name for it. */
export function makeNpmPackage({ root, folder }) {
  const copy = mkdtempSync(join(tmpdir(), 'clusterproxy-npm-'));
  try {
    for (const { path, mode } of packageFiles(root)) {
      mkdirSync(dirname(join(copy, path)), { recursive: true });
      copyFileSync(join(root, path), join(copy, path));
      chmodSync(join(copy, path), Number.parseInt(mode, 8));
    }
    const words = ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder];
    execFileSync('npm', words, { cwd: copy, stdio: ['ignore', 'ignore', 'inherit'] });
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
