import { execFile } from 'node:child_process';
import type { OpenSshVersion } from './arguments.ts';

/** The answer of `ssh -V`. Undefined if it isn't OpenSSH; `missing` if there is no such program. */
export function sshVersion(): Promise<OpenSshVersion | undefined | 'missing'> {
  return new Promise((resolve) => {
    execFile('ssh', ['-V'], { timeout: 10_000, cwd: '/' }, (error, stdout, stderr) => {
      if (error?.code === 'ENOENT') return resolve('missing');
      resolve(parseVersion(`${stdout}${stderr}`));
    });
  });
}

/** `OpenSSH_9.2p1 Debian-2+deb12u7, OpenSSL 3.0.17 1 Jul 2025`, `OpenSSH_for_Windows_8.6p1, …` */
export function parseVersion(text: string): OpenSshVersion | undefined {
  const match = /OpenSSH_(?:for_Windows_)?(\d+)\.(\d+)/.exec(text);
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]) };
}
