import { mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { replaceFile } from '../../document/replace-file.ts';
import { OperatorError } from '../../model/operator-error.ts';
import { editKnownHosts, type KnownHostEdit } from './known-hosts-file.ts';

/**
 * Adds keys to a known_hosts file or removes them, atomically: a concurrent reader sees the old or the new
 * file. A missing file is created (0600, its folder 0700); if the file is a link, its target is written.
 * Throws an OperatorError `known-hosts-not-written`, in which case nothing has changed.
 */
export async function writeKnownHosts(file: string, edits: readonly KnownHostEdit[]): Promise<void> {
  try {
    const place = await realpath(file).catch(() => file);
    const before = await readFile(place, 'latin1').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    const { text, shared } = editKnownHosts(before ?? '', edits);
    if (shared.length > 0) throw patterns(file, shared);
    if (text === (before ?? '')) return;
    if (before !== undefined && !(await stat(place)).isFile()) throw noFile(file);
    await mkdir(dirname(place), { recursive: true, mode: 0o700 });
    const former = before === undefined ? undefined : await stat(place);
    const mode = former === undefined ? 0o600 : former.mode & 0o777;
    await replaceFile(place, Buffer.from(text, 'latin1'), { mode, owner: former });
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw notWritten(file, error as Error);
  }
}

function patterns(file: string, lines: readonly number[]): OperatorError {
  return new OperatorError({
    code: 'known-hosts-not-written',
    message: `the old key is in a line with patterns, which also matches other hosts: ${file}, line ${lines.join(', ')}`,
    next: 'change that line by hand, then run the command again',
  });
}

function noFile(file: string): OperatorError {
  return new OperatorError({
    code: 'known-hosts-not-written',
    message: `${file} is not a regular file, so no keys can be stored there`,
    next: 'set another file with ssh.known_hosts in the inventory, or with UserKnownHostsFile in your ssh configuration',
  });
}

function notWritten(file: string, error: Error): OperatorError {
  return new OperatorError({
    code: 'known-hosts-not-written',
    message: `${file} can't be written`,
    next: "check the owner of the file and of its folder; you can also add the key's fingerprint under ssh.host_keys in the inventory",
    detail: error.message,
  });
}
