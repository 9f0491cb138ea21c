import { randomBytes } from 'node:crypto';
import { link, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { reasonOf } from '../document/reason.ts';
import { replaceFile } from '../document/replace-file.ts';
import { OperatorError } from '../model/operator-error.ts';

/** Whether something has that name already. */
export async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
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
    // link(2) refuses a name that is taken, as rename(2) doesn't.
    const fresh = join(dirname(file), `.${basename(file)}.${randomBytes(8).toString('hex')}`);
    await replaceFile(fresh, text, { mode: 0o644 });
    try {
      await link(fresh, file);
    } finally {
      await rm(fresh, { force: true });
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw inventoryExists(file);
    throw new OperatorError({
      code: 'inventory-not-written',
      message: `${file} can't be written: ${reasonOf(error)}`,
      next: 'choose another file with --inventory',
    });
  }
}

export function inventoryExists(file: string): OperatorError {
  return new OperatorError({
    code: 'inventory-exists',
    message: `${file} exists already`,
    next: 'choose another file with --inventory, or replace this one with --force',
  });
}
