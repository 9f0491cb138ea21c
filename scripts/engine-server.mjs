// The engine of the tests of workers, a server of 200 MB, by the version and hash of
// engine-server/package-lock.json. It isn't among the other dependencies: nobody else needs it.
import { join } from 'node:path';
import { findKept, installKept } from './kept-packages.mjs';

const kept = { name: 'clusterproxy-engine', sources: join(import.meta.dirname, 'engine-server') };

/** The program; undefined unless it is installed. */
export function findEngineServer() {
  const modules = findKept(kept);
  return modules && join(modules, '@restatedev/restate-server-linux-x64/bin/restate-server');
}

// sh scripts/setup.sh --lab
if (process.argv[1] === import.meta.filename) installKept(kept);
