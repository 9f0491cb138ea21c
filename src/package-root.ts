import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { getAsset, isSea } from 'node:sea';
import { fileURLToPath } from 'node:url';
import { unpackedHere } from './single-file/unpacked.ts';

/** Whether this program is one file that holds Node.js and all else; see docs/install.md. */
export const isSingleFile = isSea();

/**
 * The folder that holds package.json: of the source tree as well as of an installed package. A single file
 * unpacks it where that is safe, so whoever needs one small text asks for `packageFile`.
 */
export function packageRoot(): string {
  if (isSingleFile) return unpackedHere();
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new Error('no package.json above the program: the installation is incomplete');
    folder = parent;
  }
  return folder;
}

/** The folder of the bundle, with what the build put beside it; that of sources, if they run as they are. */
export function builtFolder(): string {
  return isSingleFile ? join(packageRoot(), 'dist') : dirname(fileURLToPath(import.meta.url));
}

/** A text of the package, by its path from packageRoot(); throws if it isn't there. */
export function packageFile(path: string): string {
  return isSingleFile ? getAsset(path, 'utf8') : readFileSync(join(packageRoot(), path), 'utf8');
}

/** The words by which this very process was started, without the arguments. */
export function startedBy(): readonly [string, ...string[]] {
  return isSingleFile ? [process.execPath] : [process.execPath, process.argv[1] ?? ''];
}
