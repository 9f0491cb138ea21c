import { open, stat } from 'node:fs/promises';
import { reasonOf } from '../document/reason.ts';
import { OperatorError } from '../model/operator-error.ts';

/** Refuses a file that exists, before anybody waits for what would be written to it. */
export async function refuseExisting(file: string): Promise<void> {
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (isThere) throw exists(file);
}

/**
 * Writes a file that only its owner can read. One that exists is replaced only where that was asked for.
 * Throws OperatorError `support-file-exists` or `support-not-saved`.
 */
export async function writeSupportFile(
  file: string,
  text: string,
  { overwrite }: { readonly overwrite: boolean },
): Promise<void> {
  try {
    const handle = await open(file, overwrite ? 'w' : 'wx', 0o600);
    try {
      if ((await handle.stat()).isFile()) await handle.chmod(0o600);
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw exists(file);
    throw new OperatorError({
      code: 'support-not-saved',
      message: `${file} can't be written: ${reasonOf(error)}`,
      next: 'choose another file with --out',
    });
  }
}

function exists(file: string): OperatorError {
  return new OperatorError({
    code: 'support-file-exists',
    message: `${file} exists already`,
    next: 'choose another file with --out, or replace this one with --overwrite',
  });
}
