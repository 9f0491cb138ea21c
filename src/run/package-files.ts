import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { PackageFile } from '../model/forecast.ts';
import { OperatorError } from '../model/operator-error.ts';

/**
 * The `.deb` files of a folder on this machine, by name. Throws an OperatorError `packages-unreadable`, or
 * `package-unreadable` for a file that is something else.
 */
export async function packageFilesIn(folder: string): Promise<readonly PackageFile[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new OperatorError({
      code: 'packages-unreadable',
      message: `no packages can be read from ${folder}: ${folderWords(error)}`,
      next: 'give the folder in which the .deb files of the new version are',
    });
  });
  const packages = names.filter((name) => name.endsWith('.deb')).sort();
  if (packages.length === 0) {
    throw new OperatorError({
      code: 'packages-unreadable',
      message: `there is no .deb file in ${folder}`,
      next: 'download the packages of the new version into it (on a machine of the same distribution: apt-get download NAME); folders below it are not looked at',
    });
  }
  const files: PackageFile[] = [];
  // One after the other: they are large, and a disk reads no faster for being asked for all at once.
  for (const name of packages) files.push(await packageFile(join(folder, name)));
  return files;
}

/** Why a folder can't be read; see errno(3). */
function folderWords(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ENOENT') return 'there is no such folder';
  if (code === 'ENOTDIR') return 'it is a file, not a folder';
  return code === 'EACCES' ? "you aren't allowed to read it" : wordsOf(error);
}

async function packageFile(path: string): Promise<PackageFile> {
  try {
    const { size } = await stat(path);
    return { path, file: basename(path), size, head: await headOf(path), sha256: await sumOf(path) };
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw unreadable(path, wordsOf(error));
  }
}

const magic = '!<arch>\n';
/** ar(5): name, time, owner, group, mode, size and two bytes; sizes in decimal. */
const entryHeader = 60;
/** The control archive holds texts: maintainer scripts, and a sum for each file. Bytes. */
const largestHead = 64 * 1024 * 1024;

/** The file up to the end of its control archive, which is its second entry: deb(5). */
async function headOf(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const read = async (position: number, length: number) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
      if (bytesRead < length) throw unreadable(path, 'it is not a whole Debian package');
      return buffer;
    };
    if ((await read(0, magic.length)).toString('latin1') !== magic) {
      throw unreadable(path, 'it is not a Debian package');
    }
    let end = magic.length;
    for (let entry = 0; entry < 2; entry++) {
      const header = (await read(end, entryHeader)).toString('latin1');
      const size = Number(header.slice(48, 58).trim());
      if (header.slice(58) !== '`\n' || !Number.isSafeInteger(size))
        throw unreadable(path, 'it is not a Debian package');
      end += entryHeader + size + (size % 2);
    }
    if (end > largestHead) throw unreadable(path, 'its control archive is too large');
    return await read(0, end);
  } finally {
    await file.close();
  }
}

async function sumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

function unreadable(path: string, why: string): OperatorError {
  return new OperatorError({
    code: 'package-unreadable',
    message: `${path} can't be used as a package: ${why}`,
    next: 'download it again, or take it out of the folder',
  });
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
