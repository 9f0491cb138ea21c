import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { PackedFiles } from './index-of-files.ts';
import { type Account, isTrusted } from './trusted.ts';

/** What a single file holds, and how it is read. */
export interface Packed {
  /** the text of its index */
  readonly index: string;
  read(path: string): Uint8Array;
}

/** The name of the folder with these files: other contents, another name. */
export function nameOf({ index }: Packed): string {
  return createHash('sha256').update(index).digest('hex').slice(0, 32);
}

/**
 * The folder below `place` that holds these files; undefined if there is none of that name, one that others
 * could have changed, or one that isn't whole.
 */
export function findUnpacked(packed: Packed, place: string, account: Account): string | undefined {
  const folder = join(place, nameOf(packed));
  return isTrusted(folder, account) && isWhole(packed, folder) ? folder : undefined;
}

/**
 * Unpacks below `place`, which is made unless it is there, and returns the folder. Whoever looks sees all of
 * it or nothing, and several may do it at once. Throws if that can't be done there, or if others could change
 * what is there.
 */
export function unpackBelow(packed: Packed, place: string, account: Account): string {
  makeFolder(place);
  if (lstatSync(place).uid !== account.uid || !isTrusted(place, account))
    throw new Error(`others can change what is in ${place}`);
  const folder = join(place, nameOf(packed));
  const mine = join(place, `new-${randomBytes(8).toString('hex')}`);
  try {
    layOut(packed, mine);
    moveInto(packed, { from: mine, folder });
  } finally {
    rmSync(mine, { recursive: true, force: true });
  }
  return folder;
}

/** With those above it. Node's own `recursive` never ends where the system says ENOENT, as in /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  if (folder !== dirname(folder)) makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Unpacks into a folder that nobody else knows of yet. */
export function layOut(packed: Packed, folder: string): void {
  mkdirSync(folder, { mode: 0o700 });
  for (const { path, mode } of filesOf(packed)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, packed.read(path));
    // Whatever the umask.
    chmodSync(file, Number.parseInt(mode, 8));
  }
}

/** A damaged one is taken out of the way first. That somebody else was faster does no harm. */
function moveInto(
  packed: Packed,
  { from, folder }: { readonly from: string; readonly folder: string },
): void {
  const away = `${from}-old`;
  for (let triesLeft = 5; ; triesLeft--) {
    try {
      renameSync(from, folder);
      return;
    } catch (error) {
      if (isWhole(packed, folder)) return;
      if (triesLeft === 0) throw error;
    }
    try {
      renameSync(folder, away);
    } catch {
      // Somebody else has just done that.
    } finally {
      rmSync(away, { recursive: true, force: true });
    }
  }
}

/** A disk that was full, or a machine that lost power, may have left files without their contents. */
function isWhole(packed: Packed, folder: string): boolean {
  try {
    return filesOf(packed).every(
      ({ path, sha256 }) =>
        createHash('sha256')
          .update(readFileSync(join(folder, path)))
          .digest('hex') === sha256,
    );
  } catch {
    return false;
  }
}

function filesOf({ index }: Packed): PackedFiles['files'] {
  return (JSON.parse(index) as PackedFiles).files;
}
