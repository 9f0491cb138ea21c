import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { LabHost } from '../lab/host.ts';

/**
 * What every path on a host's disk is that differs from the base: kind, mode, owner, and the hash of its
 * bytes or its target. Times aren't part of it.
 */
export type Manifest = ReadonlyMap<string, string>;

/** What BigBlueButton, systemd, sshd and the program's own records write while a host runs. */
const written = [
  '/etc/.pwd.lock',
  // The lab's: changes whenever a host is added.
  '/etc/.hosts',
  '/etc/hosts',
  '/home',
  '/root',
  '/run',
  '/tmp',
  '/var/cache',
  '/var/lib/bbb-standin',
  '/var/lib/clusterproxy',
  '/var/lib/dpkg/lock',
  '/var/lib/dpkg/lock-frontend',
  '/var/lib/nginx',
  '/var/lib/systemd',
  '/var/log',
  '/var/spool',
  '/var/tmp',
];

/**
 * Of all files of a host, not only of those that a plan names: the layer in which its overlay keeps what was
 * changed.
 */
export function manifestOf(host: LabHost): Manifest {
  const manifest = new Map<string, string>();
  const walk = (path: string) => {
    for (const name of readdirSync(join(host.layers.upper, path))) {
      const inner = `${path}/${name}`;
      if (written.includes(inner)) continue;
      const description = describe(join(host.layers.upper, inner));
      manifest.set(inner, description);
      if (description.startsWith('directory')) walk(inner);
    }
  };
  walk('');
  return manifest;
}

/** Paths that aren't the same in both, sorted. What only one of them has is compared with the base. */
export function differences(host: LabHost, before: Manifest, after: Manifest): readonly string[] {
  const at = (manifest: Manifest, path: string) =>
    manifest.get(path) ?? describe(join(host.layers.base, path));
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => at(before, path) !== at(after, path))
    .sort();
}

function describe(path: string): string {
  let stats: Stats;
  try {
    stats = lstatSync(path);
  } catch {
    return 'absent';
  }
  const owner = `${(stats.mode & 0o7777).toString(8)} ${stats.uid}:${stats.gid}`;
  if (stats.isDirectory()) return `directory ${owner}`;
  if (stats.isSymbolicLink()) return `link ${readlinkSync(path)}`;
  if (stats.isFile()) return `file ${owner} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
  // How an overlay marks what was removed: Documentation/filesystems/overlayfs.rst, "whiteouts and opaque
  // directories".
  return stats.isCharacterDevice() && stats.rdev === 0 ? 'absent' : 'special';
}
