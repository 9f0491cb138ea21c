import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { isSingleFile, packageFile, packageRoot } from './package-root.ts';
import { packageVersion } from './version.ts';

/** What scripts/made-from.mjs found when the program was built. */
interface MadeFrom {
  readonly commit?: string;
  /** seconds since 1970 */
  readonly date?: number;
}

/**
 * What this program is made of: its version, alone on the first line, and lines `name: value` of what else
 * decides how it behaves here.
 */
export function madeOf(): string {
  const { commit, date } = madeFrom();
  const day = date === undefined ? '' : ` (${new Date(date * 1000).toISOString().slice(0, 10)})`;
  const lines = {
    commit: commit === undefined ? undefined : `${commit}${day}`,
    installed: installation(),
    'Node.js': process.versions.node,
    OpenSSL: process.versions.openssl,
    platform: `${process.platform} ${process.arch}`,
  };
  const known = Object.entries(lines).filter(([, value]) => value !== undefined);
  return [packageVersion(), ...known.map(([name, value]) => `${name}: ${value}`)].join('\n');
}

/** Sources that run as they are were not built. */
function madeFrom(): MadeFrom {
  try {
    return JSON.parse(packageFile('dist/made-from.json')) as MadeFrom;
  } catch {
    return {};
  }
}

function installation(): string {
  if (isSingleFile) {
    // As dpkg keeps it, see dpkg-query(1).
    const isPackaged = process.execPath === '/usr/bin/clusterproxy' && existsSync(ownList);
    return `${isPackaged ? 'Debian package' : 'single file'} (${process.execPath})`;
  }
  const root = packageRoot();
  return `${basename(dirname(root)) === 'node_modules' ? 'npm package' : 'from source'} (${root})`;
}

const ownList = '/var/lib/dpkg/info/clusterproxy.list';
