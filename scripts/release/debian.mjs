// Makes a Debian package of the single file, see deb(5) and https://www.debian.org/doc/debian-policy/. The
// files of the package lie unpacked below /usr/share/clusterproxy, where the single file looks first.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { manualPage } from './manual-page.mjs';

/**
 * `root`: the sources, with dist/ built; `single`: the single file; `index`: the text of its index; `date`:
 * seconds since 1970. Returns the file's path, in `folder`.
 */
export function makeDebianPackage({ root, folder, single, index, version, date, nodeLicence }) {
  const tree = mkdtempSync(join(tmpdir(), 'clusterproxy-deb-'));
  const write = (path, content, mode = 0o644) => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), content);
    chmodSync(join(tree, path), mode);
  };
  const source = (path) => readFileSync(join(root, path));
  try {
    mkdirSync(join(tree, 'usr/bin'), { recursive: true });
    copyFileSync(single, join(tree, 'usr/bin/clusterproxy'));
    chmodSync(join(tree, 'usr/bin/clusterproxy'), 0o755);
    const name = createHash('sha256').update(index).digest('hex').slice(0, 32);
    for (const { path, mode } of JSON.parse(index).files)
      write(`usr/share/clusterproxy/${name}/${path}`, source(path), Number.parseInt(mode, 8));
    const documentation = 'usr/share/doc/clusterproxy';
    write(`${documentation}/changelog.gz`, packed(source('CHANGELOG.md')));
    write(`${documentation}/changelog.Debian.gz`, packed(changelog({ version, date })));
    write(`${documentation}/copyright`, copyright({ source, nodeLicence }));
    write('usr/share/lintian/overrides/clusterproxy', readFileSync(join(sources, 'lintian-overrides')));
    for (const [path, content] of Object.entries(fromTheBuild(root, { version, date, single })))
      write(path, content);
    write('DEBIAN/md5sums', sums(tree));
    write('DEBIAN/control', control({ version, tree }));
    return build({ tree, folder, version, date });
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

const sources = join(import.meta.dirname, 'debian');
const architecture = 'amd64';

/** Whoever builds it for others says who they are, as for dch(1). */
function maintainer() {
  const { DEBFULLNAME = 'the clusterproxy authors', DEBEMAIL = 'authors@clusterproxy.invalid' } = process.env;
  return `${DEBFULLNAME} <${DEBEMAIL}>`;
}

/** The manual pages and completions that the build has made; at least one page of what --help says. */
function fromTheBuild(root, { version, date, single }) {
  const found = {};
  const pages = join(root, 'dist/man');
  for (const page of existsSync(pages) ? readdirSync(pages) : [])
    if (/\.[1-8]$/.test(page))
      found[`usr/share/man/man${page.at(-1)}/${page}.gz`] = packed(readFileSync(join(pages, page)));
  found['usr/share/man/man1/clusterproxy.1.gz'] ??= packed(manualPage({ program: single, version, date }));
  const places = {
    'clusterproxy.bash': 'usr/share/bash-completion/completions/clusterproxy',
    _clusterproxy: 'usr/share/zsh/vendor-completions/_clusterproxy',
    'clusterproxy.fish': 'usr/share/fish/vendor_completions.d/clusterproxy.fish',
  };
  for (const [name, place] of Object.entries(places)) {
    const file = join(root, 'dist/completions', name);
    if (existsSync(file)) found[place] = readFileSync(file);
  }
  return found;
}

function control({ version, tree }) {
  const size = filesIn(tree).reduce((sum, file) => sum + Math.ceil(lstatSync(file).size / 1024), 0);
  return `Package: clusterproxy
Version: ${version}-1
Architecture: ${architecture}
Maintainer: ${maintainer()}
Installed-Size: ${size}
Depends: libc6 (>= 2.28), libgcc-s1 (>= 3.4) | libgcc1 (>= 1:3.4), libstdc++6 (>= 7)
Recommends: openssh-client
Section: admin
Priority: optional
Description: changes clusters of video-conference servers in transactions
 Turns plain servers with BigBlueButton, Averox, Flashphoner WCS or Ant Media
 Server into one cluster behind one address, over SSH, and keeps it that way.
 .
 It shows a plan that is exactly what will be done, changes each host in one
 transaction that rolls itself back when anything fails, and ends no running
 meeting unless it is told to.
`;
}

function changelog({ version, date }) {
  const day = new Date(date * 1000).toUTCString().replace('GMT', '+0000');
  return `clusterproxy (${version}-1) unstable; urgency=medium

  * Release ${version}; its own changelog, changelog.gz, says what changed.

 -- ${maintainer()}  ${day}
`;
}

/** https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/ */
function copyright({ source, nodeLicence }) {
  const licence = String(source('LICENSE'));
  const bundled = String(source('dist/third-party-licences.txt'));
  const [, holder] = /^Copyright \(c\) (.*)$/m.exec(licence);
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: clusterproxy
Comment:
 The program also holds Node.js and libraries. Their licences follow the text
 of its own.

Files: *
Copyright: ${holder}
License: Expat-and-others
${field(licence.replace(/^MIT License\n\n/, ''))}
 .
 == The libraries in the bundle
 .
${field(bundled)}
 .
 == Node.js
 .
${field(readFileSync(nodeLicence, 'utf8'))}
`;
}

/** Lines of a field that goes on, as in deb-control(5). */
function field(text) {
  const lines = text.trim().split(/\r?\n/);
  return lines.map((line) => (line.trim() === '' ? ' .' : ` ${line}`)).join('\n');
}

function sums(tree) {
  const lines = filesIn(tree).map((file) => {
    const sum = createHash('md5').update(readFileSync(file)).digest('hex');
    return `${sum}  ${relative(tree, file)}\n`;
  });
  return lines.join('');
}

function filesIn(tree) {
  return readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.startsWith(join(tree, 'DEBIAN')))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** The same bytes each time: dpkg-deb(1) sorts, and takes the date from SOURCE_DATE_EPOCH. */
function build({ tree, folder, version, date }) {
  for (const entry of readdirSync(tree, { recursive: true, withFileTypes: true }))
    if (entry.isDirectory()) chmodSync(join(entry.parentPath, entry.name), 0o755);
  chmodSync(tree, 0o755);
  for (const path of [tree, ...readdirSync(tree, { recursive: true }).map((one) => join(tree, one))])
    utimesSync(path, date, date);
  const file = join(folder, `clusterproxy_${version}-1_${architecture}.deb`);
  // gzip: xz takes a minute for a program of this size, and is 8 MB smaller.
  const words = ['-Zgzip', '-z6', '--root-owner-group', '--build', tree, file];
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(date) };
  execFileSync('dpkg-deb', words, { stdio: ['ignore', 'ignore', 'inherit'], env });
  return file;
}

/** Without the time and the name that gzip(1) would put there. */
function packed(content) {
  return gzipSync(content, { level: 9 });
}
