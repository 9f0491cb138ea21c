import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './command.ts';

export type LabAvailability = { available: true } | { available: false; reason: string };

const TOOLS = [
  'flock',
  'ip',
  'mmdebstrap',
  'mount',
  'nsenter',
  'openssl',
  'ssh-keygen',
  'systemd-nspawn',
  'tar',
  'unshare',
];

/** The mount point of the unified control group hierarchy (cgroup v2), even if v1 is mounted beside it. */
export function unifiedCgroupRoot(): string | undefined {
  for (const line of readFileSync('/proc/self/mounts', 'utf8').split('\n')) {
    const [, mountPoint, type] = line.split(' ');
    if (type === 'cgroup2' && mountPoint !== undefined) return mountPoint;
  }
  return undefined;
}

/**
 * Whether real hosts can be built here: Linux, root with permission to create namespaces, control groups v2,
 * overlayfs and the tools. `scripts/setup.sh --lab` installs the tools on Debian.
 */
export async function labAvailable(): Promise<LabAvailability> {
  if (process.platform !== 'linux') return no('hosts for tests need Linux');
  if (process.getuid?.() !== 0) return no('hosts for tests need root');
  const missing = TOOLS.filter((tool) => !isInPath(tool));
  if (missing.length > 0)
    return no(`missing: ${missing.join(', ')} (sh scripts/setup.sh --lab installs them)`);
  if (unifiedCgroupRoot() === undefined) return no('no cgroup2 file system is mounted');
  const namespaces = await run('unshare', ['--mount', '--net', 'true']);
  if (namespaces.code !== 0) return no(`namespaces can't be made: ${namespaces.stderr.trim()}`);
  if (!readFileSync('/proc/filesystems', 'utf8').includes('\toverlay\n')) {
    return no('the kernel has no overlayfs loaded');
  }
  return { available: true };
}

function no(reason: string): LabAvailability {
  return { available: false, reason };
}

function isInPath(tool: string): boolean {
  const path = `${process.env.PATH ?? ''}${delimiter}/usr/sbin${delimiter}/sbin`;
  return path.split(delimiter).some((directory) => existsSync(join(directory, tool)));
}
