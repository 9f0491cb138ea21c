// Makes the single file: the Node.js of tools/, with the bundle and all files of the package inside, see
// https://nodejs.org/docs/latest-v24.x/api/single-executable-applications.html.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { packageFiles } from './package-files.mjs';

// As Node.js looks for it; src/node_sea.cc.
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** `root`: the sources, with dist/ built; `file`: what to write. Other files of that name are replaced. */
export function makeSingleFile({ root, file, node, postject }) {
  const work = mkdtempSync(join(tmpdir(), 'clusterproxy-single-'));
  try {
    const files = packageFiles(root);
    const index = join(work, 'index.json');
    writeFileSync(index, indexOf(root, files));
    // The blob contains this path as it is given: it must not tell where the build ran.
    copyFileSync(join(import.meta.dirname, 'loader.cjs'), join(work, 'loader.cjs'));
    const assets = Object.fromEntries(files.map(({ path }) => [path, join(root, path)]));
    const config = {
      ...{ main: 'loader.cjs', output: 'blob', disableExperimentalSEAWarning: true },
      assets: { ...assets, 'index.json': index, 'loader.cjs': join(work, 'loader.cjs') },
    };
    writeFileSync(join(work, 'config.json'), JSON.stringify(config));
    execFileSync(node, ['--experimental-sea-config', 'config.json'], { cwd: work, stdio: 'ignore' });
    const made = join(dirname(file), `.${process.pid}.new`);
    copyFileSync(node, made);
    chmodSync(made, 0o755);
    const words = [postject, made, 'NODE_SEA_BLOB', join(work, 'blob'), '--sentinel-fuse', fuse];
    execFileSync(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] });
    renameSync(made, file);
    return { index: readFileSync(index, 'utf8') };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** See src/single-file/index-of-files.ts. The program's own code is never unpacked. */
function indexOf(root, files) {
  const unpacked = files.filter(({ path }) => !/^dist\/[^/]+\.c?js$/.test(path));
  const described = unpacked.map(({ path, mode }) => ({ path, mode, sha256: sha256Of(join(root, path)) }));
  return JSON.stringify({ files: described });
}

export function sha256Of(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
