import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mustRun } from './command.ts';
import { cacheDirectory } from './state.ts';

const PACKAGES = [
  'bc',
  'ca-certificates',
  'caddy',
  'certbot',
  'createrepo-c',
  'curl',
  'dbus',
  'dnf',
  'haproxy',
  'iproute2',
  'iputils-ping',
  'jq',
  'keepalived',
  'libpam-systemd',
  'nginx-light',
  'openssh-server',
  'openssl',
  'procps',
  'python3',
  'python3-yaml',
  'rpm',
  'sudo',
  'systemd',
  'systemd-sysv',
  'xinetd',
];

const BUILD = fileURLToPath(new URL('./build-base.sh', import.meta.url));
const CUSTOMIZE = fileURLToPath(new URL('./customize-base.sh', import.meta.url));

/**
 * The directory of the Debian root that all hosts share as the lowest layer. It is created on first use (half
 * a minute) and kept outside the checkout. The build uses a temporary name and a rename; a kernel lock
 * separates two builders, so that a killed build neither blocks nor misleads the next one.
 */
export async function baseRoot(): Promise<string> {
  const suite = debianSuite();
  const key = createHash('sha256').update(JSON.stringify([suite, PACKAGES]));
  for (const script of [BUILD, CUSTOMIZE]) key.update(readFileSync(script));
  const root = join(cacheDirectory(), `base-${key.digest('hex').slice(0, 16)}`);
  if (existsSync(root)) {
    // Tells the next build that this one is in use; see build-base.sh.
    const now = new Date();
    await utimes(root, now, now);
    return root;
  }

  await mkdir(cacheDirectory(), { recursive: true });
  await mustRun(
    'flock',
    [join(cacheDirectory(), 'base.lock'), 'sh', BUILD, root, suite, PACKAGES.join(','), CUSTOMIZE],
    { timeoutMs: 900_000 },
  );
  return root;
}

/** This machine's release if it is a Debian one (its mirror and keys are known to work), else bookworm. */
function debianSuite(): string {
  const release = readFileSync('/etc/os-release', 'utf8');
  const codename = /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1];
  return /^ID=debian$/m.test(release) && codename !== undefined ? codename : 'bookworm';
}
