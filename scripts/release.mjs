// Makes what is given to others, into release/ or another folder: node scripts/release.mjs [FOLDER]
// The same sources give the same bytes, wherever and whenever: scripts/reproducible.sh shows it.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeDebianPackage } from './release/debian.mjs';
import { makeNpmPackage } from './release/npm-package.mjs';
import { makeSingleFile, sha256Of } from './release/single-file.mjs';
import { tools } from './release/tools.mjs';
import { withNode } from './sbom.mjs';

const root = join(import.meta.dirname, '..');
const folder = resolve(process.argv[2] ?? join(root, 'release'));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { date = 0 } = JSON.parse(readFileSync(join(root, 'dist/made-from.json'), 'utf8'));
process.umask(0o022);
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder)) if (isOurs(name)) rmSync(join(folder, name));

step('the package for npm');
makeNpmPackage({ root, folder });

if (process.platform === 'linux' && process.arch === 'x64') {
  step('the single file for Linux x64');
  const { node, nodeLicence, postject } = tools();
  const single = join(folder, `clusterproxy-${version}-linux-x64`);
  const { index } = makeSingleFile({ root, file: single, node, postject });
  chmodSync(single, 0o755);

  if (hasDpkgDeb()) {
    step('the package for Debian and Ubuntu');
    makeDebianPackage({ ...{ root, folder, single, index, version, date, nodeLicence } });
  } else console.error('release: no dpkg-deb here, so no package for Debian');

  const parts = JSON.parse(
    execFileSync(node, ['-p', 'JSON.stringify(process.versions)'], { encoding: 'utf8' }),
  );
  const sbom = JSON.parse(readFileSync(join(root, 'dist/sbom.cdx.json'), 'utf8'));
  const whole = withNode(sbom, { version: parts.node, parts });
  writeFileSync(`${single}.cdx.json`, `${JSON.stringify(whole, null, 2)}\n`);
} else console.error('release: single file and Debian package are made on Linux x64 only');

const made = readdirSync(folder).filter((name) => /^clusterproxy[-_]/.test(name));
const sums = made.sort().map((name) => `${sha256Of(join(folder, name))}  ${name}\n`);
writeFileSync(join(folder, 'SHA256SUMS'), sums.join(''));
process.stdout.write(sums.join(''));

function step(what) {
  console.error(`release: ${what}`);
}

function hasDpkgDeb() {
  try {
    execFileSync('dpkg-deb', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** What an earlier call has made of this version. */
function isOurs(name) {
  const ends = { '-': ['.tgz', '-linux-x64', '-linux-x64.cdx.json'], _: ['-1_amd64.deb'] };
  const own = Object.entries(ends).flatMap(([sign, all]) =>
    all.map((end) => `clusterproxy${sign}${version}${end}`),
  );
  return name === 'SHA256SUMS' || own.includes(name);
}
