import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A Debian package that a test builds, as in deb(5). */
export interface BuiltPackage {
  readonly name: string;
  readonly version: string;
  readonly depends?: string;
  readonly architecture?: string;
  /** files by path; a link where it isn't a text */
  readonly files?: Readonly<Record<string, string | Buffer | { readonly link: string }>>;
  /** modes by path; 0644 for all others */
  readonly modes?: Readonly<Record<string, number>>;
  readonly conffiles?: readonly string[];
  /** maintainer scripts by name */
  readonly scripts?: Readonly<Record<string, string>>;
  /** default: gzip, which takes the least time */
  readonly compression?: 'gzip' | 'xz' | 'zstd';
}

/** Whether packages can be built here, and installed below a folder by the real dpkg, which takes root. */
export const hasDpkg = process.getuid?.() === 0 && isThere('dpkg-deb') && isThere('dpkg');

function isThere(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Builds a package into a folder and returns its path. */
export function buildPackage(folder: string, built: BuiltPackage): string {
  const { name, version, architecture = 'all', compression = 'gzip' } = built;
  const tree = mkdtempSync(join(tmpdir(), 'clusterproxy-package-'));
  try {
    chmodSync(tree, 0o755);
    const write = (path: string, content: string | Buffer, mode: number) => {
      const file = join(tree, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      chmodSync(file, mode);
    };
    const control = [
      `Package: ${name}`,
      `Version: ${version}`,
      `Architecture: ${architecture}`,
      'Maintainer: lab <lab@example.com>',
      ...(built.depends === undefined ? [] : [`Depends: ${built.depends}`]),
      'Description: for tests',
    ];
    write('DEBIAN/control', `${control.join('\n')}\n`, 0o644);
    const conffiles = built.conffiles ?? [];
    if (conffiles.length > 0) write('DEBIAN/conffiles', `${conffiles.join('\n')}\n`, 0o644);
    for (const [script, text] of Object.entries(built.scripts ?? {}))
      write(`DEBIAN/${script}`, `#!/bin/sh\nset -e\n${text}\n`, 0o755);
    for (const [path, content] of Object.entries(built.files ?? {})) {
      if (typeof content === 'string' || Buffer.isBuffer(content)) {
        write(path, content, built.modes?.[path] ?? 0o644);
      } else {
        mkdirSync(dirname(join(tree, path)), { recursive: true });
        symlinkSync(content.link, join(tree, path));
      }
    }
    const file = join(folder, `${name}_${version.replaceAll(':', '%3a')}_${architecture}.deb`);
    mkdirSync(folder, { recursive: true });
    execFileSync('dpkg-deb', [`-Z${compression}`, '-z1', '--root-owner-group', '--build', tree, file], {
      stdio: 'ignore',
    });
    return file;
  } finally {
    rmSync(tree, { recursive: true });
  }
}

/** Makes dpkg's own files below a folder, as on a host that has no package yet. */
export function emptyDpkg(root: string): void {
  for (const folder of ['info', 'updates', 'triggers'])
    mkdirSync(join(root, 'var/lib/dpkg', folder), { recursive: true });
  for (const file of ['status', 'available']) writeFileSync(join(root, 'var/lib/dpkg', file), '');
}

/** Installs packages below a folder with the real dpkg, or upgrades them. */
export function installPackages(
  root: string,
  files: readonly string[],
  conffiles: 'old' | 'new' = 'old',
): void {
  const force = [
    `--force-conf${conffiles}`,
    '--force-depends',
    '--force-bad-path',
    '--force-script-chrootless',
  ];
  execFileSync('dpkg', [`--root=${root}`, ...force, '--install', ...files], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
}
