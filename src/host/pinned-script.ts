import { readFile } from 'node:fs/promises';
import { reasonOf } from '../document/reason.ts';
import { sha256 } from '../model/change.ts';
import { OperatorError } from '../model/operator-error.ts';

/** More than any script has, and little enough to be sent in one piece. Bytes. */
const largest = 16 * 1024 * 1024;

/**
 * The text of a script on this machine, which is sent to hosts. Throws an OperatorError `script-unreadable`,
 * or `script-differs` if it isn't the one that was pinned.
 */
export async function pinnedScript(file: string, sum: string): Promise<Buffer> {
  const unreadable = (message: string) =>
    new OperatorError({
      code: 'script-unreadable',
      message: `the script ${file} ${message}`,
      next: 'check its path, which is relative to the inventory',
    });
  const text = await readFile(file).catch((error: unknown) => {
    throw unreadable(`can't be read: ${reasonOf(error)}`);
  });
  if (text.length > largest) throw unreadable(`is larger than ${largest / 1024 / 1024} MiB`);
  const found = sha256(text);
  if (found === sum) return text;
  throw new OperatorError({
    code: 'script-differs',
    message: `the script ${file} isn't the one that the inventory pins: its sha256 is ${found}, and ${sum} is expected; nothing was done`,
    next: 'read what has changed in it; if that is what you want, write the new sum into the inventory',
  });
}
