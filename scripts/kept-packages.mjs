// Packages that a few tests or scripts need and nobody else: npm installs them once into this account's
// cache, by the versions and hashes of a lock file, for all copies of the sources.
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const files = ['package.json', 'package-lock.json'];

/**
 * The folder node_modules with what `sources`, a folder with package.json and its lock file, names; undefined
 * unless it is installed. `name`: of the folder in the cache.
 */
export function findKept({ name, sources }) {
  const modules = join(folderOf({ name, sources }), 'node_modules');
  return existsSync(modules) ? modules : undefined;
}

/** Installs that, unless it is there. Throws if npm can't. */
export function installKept({ name, sources }) {
  const folder = folderOf({ name, sources });
  if (existsSync(join(folder, 'node_modules'))) return;
  const mine = `${folder}-${randomBytes(4).toString('hex')}`;
  mkdirSync(mine, { recursive: true });
  try {
    for (const file of files) copyFileSync(join(sources, file), join(mine, file));
    const words = ['ci', '--prefix', mine, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    execFileSync('npm', words, { stdio: ['ignore', 'ignore', 'inherit'] });
    if (!existsSync(folder)) renameSync(mine, folder);
  } finally {
    rmSync(mine, { recursive: true, force: true });
  }
}

function folderOf({ name, sources }) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(sources, file)));
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, name, hash.digest('hex').slice(0, 16));
}
