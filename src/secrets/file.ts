import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { reasonOf } from '../document/reason.ts';
import type { Problem } from '../model/operator-error.ts';
import { longestSecret, notText, textOf, tooLong } from './usable.ts';

/** Where an inventory's paths start. */
export interface Places {
  readonly directory: string;
  readonly home: string;
}

/** An inventory's path as an absolute path of the system. */
export function placed(path: string, { directory, home }: Places): string {
  if (path === '~' || path.startsWith('~/')) return join(home, path.slice(1));
  return isAbsolute(path) ? path : join(directory, path);
}

/**
 * The secret in a file that only its owner may be able to read. The file is checked and read through the same
 * open descriptor, so that it can't be exchanged in between.
 */
export async function readSecretFile(path: string, places: Places): Promise<string | Problem> {
  const file = placed(path, places);
  let handle: FileHandle;
  try {
    // Without O_NONBLOCK, a named pipe that nobody writes to would block forever.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return unreadable(file, error as NodeJS.ErrnoException);
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) {
      return {
        code: 'secret-file-unreadable',
        message: `${file}, which should hold a secret, is not a regular file`,
        next: 'write the path of the file that holds it',
      };
    }
    const exposed = exposure(file, stat);
    if (exposed !== undefined) return exposed;
    const buffer = Buffer.alloc(longestSecret + 3);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
      length += bytesRead;
      if (bytesRead === 0 || length === buffer.length) break;
    }
    if (length === buffer.length) {
      return {
        code: 'secret-unusable',
        message: tooLong(file),
        next: 'use a single line of text as the secret',
      };
    }
    return textOf(buffer.subarray(0, length)) ?? notText(file);
  } catch (error) {
    return unreadable(file, error as NodeJS.ErrnoException);
  } finally {
    await handle.close();
  }
}

function exposure(file: string, stat: { readonly mode: number; readonly uid: number }): Problem | undefined {
  const self = process.geteuid?.();
  if (self !== undefined && stat.uid !== self && stat.uid !== 0) {
    return {
      code: 'secret-file-exposed',
      message: `${file}, which holds a secret, belongs to another user (uid ${stat.uid})`,
      next: `make it yours: chown "$(id -un)" ${quoted(file)}`,
    };
  }
  if ((stat.mode & 0o077) === 0) return undefined;
  const others = (stat.mode & 0o007) === 0 ? 'its group' : 'others';
  return {
    code: 'secret-file-exposed',
    message: `${file}, which holds a secret, is open to ${others} (mode ${(stat.mode & 0o7777).toString(8).padStart(4, '0')})`,
    next: `restrict it: chmod 600 ${quoted(file)} (and change the secret if others may have read it)`,
  };
}

function unreadable(file: string, error: NodeJS.ErrnoException): Problem {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
    return {
      code: 'secret-file-missing',
      message: `${file}, which should hold a secret, does not exist`,
      next: 'correct the path, or create the file; paths are relative to the inventory, and ~/ is your home directory',
    };
  }
  const reason = reasonOf(error);
  return {
    code: 'secret-file-unreadable',
    message: `${file}, which should hold a secret, can't be read: ${reason}`,
    next: `check it: ls -l ${quoted(file)}`,
  };
}

function quoted(path: string): string {
  return /^[\w@%+=:,./~-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
