import { execFile } from 'node:child_process';
import type { SshTarget } from '../target.ts';

/** `Match exec` in an operator's configuration may take a while. Milliseconds. */
const patience = 10_000;

/**
 * Whether ssh would write this host's name as a hash (HashKnownHosts of ssh_config(5), which Debian sets). No
 * if this can't be determined, for example without ssh(1).
 */
export function hashesKnownHosts({ name, config }: Pick<SshTarget, 'name' | 'config'>): Promise<boolean> {
  if (config === 'none') return Promise.resolve(false);
  const args = ['-G', ...(config === undefined ? [] : ['-F', config]), '--', name];
  return new Promise((resolve) => {
    const child = execFile('ssh', args, { timeout: patience, maxBuffer: 1 << 20 }, (error, stdout) =>
      resolve(error === null && /^hashknownhosts yes$/im.test(stdout)),
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end();
  });
}
