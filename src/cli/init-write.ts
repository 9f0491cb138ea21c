import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, link, lstat, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { reasonOf } from '../document/reason.ts';
import { replaceFile } from '../document/replace-file.ts';
import { OperatorError } from '../model/operator-error.ts';

/** What file systems say that have no hard links, such as FAT and folders that virtual machines share. */
const withoutLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/** Throws OperatorError `inventory-not-written` if nothing can be written there, before anybody is asked. */
export async function expectFolder(file: string): Promise<void> {
  await access(dirname(file), constants.W_OK).catch((error: unknown) => {
    throw notWritten(file, error);
  });
}

/** Whether something has that name already. */
export async function isThere(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  );
}

/**
 * Writes an inventory as a whole or not at all. One that exists is replaced only if that is wanted, also if
 * it came while questions were asked. Throws OperatorError `inventory-exists` or `inventory-not-written`.
 */
export async function writeInventory(
  file: string,
  text: string,
  { replace }: { readonly replace: boolean },
): Promise<void> {
  try {
    // A link to it stays one.
    const existing = replace ? await realpath(file).catch(() => undefined) : undefined;
    if (existing !== undefined) {
      await replaceFile(existing, text, { mode: (await stat(existing)).mode & 0o777 });
      return;
    }
    // A link that leads nowhere.
    if (replace) {
      await replaceFile(file, text, { mode: 0o644 });
      return;
    }
    // link(2) refuses a name that is taken, as rename(2) doesn't.
    const fresh = join(dirname(file), `.${basename(file)}.${randomBytes(8).toString('hex')}`);
    await replaceFile(fresh, text, { mode: 0o644 });
    try {
      await link(fresh, file).catch(async (error: NodeJS.ErrnoException) => {
        if (!withoutLinks.includes(error.code ?? '')) throw error;
        await writeFile(file, text, { flag: 'wx', mode: 0o644 });
      });
    } finally {
      await rm(fresh, { force: true });
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw inventoryExists(file);
    throw notWritten(file, error);
  }
}

function notWritten(file: string, error: unknown): OperatorError {
  return new OperatorError({
    code: 'inventory-not-written',
    message: `${file} can't be written: ${reasonOf(error)}`,
    next: 'choose another file with --inventory',
  });
}

export function inventoryExists(file: string): OperatorError {
  return new OperatorError({
    code: 'inventory-exists',
    message: `${file} exists already`,
    next: 'choose another file with --inventory, or replace this one with --force',
  });
}
