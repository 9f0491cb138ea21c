import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * A secret that one process can read once, from a FIFO: it never is in a file, an environment or an argument.
 */
export interface Answer {
  readonly path: string;
  /** What was asked in vain: askpass.sh notes it. The words of whoever asks. */
  refused(): Promise<readonly string[]>;
  /** Takes it back, where nobody has read it. */
  close(): Promise<void>;
}

/** The folder must be one that others can't enter. Of several lines only the first one would be read. */
export async function offerAnswer(path: string, secret: string): Promise<Answer> {
  await promisify(execFile)('mkfifo', ['-m', '600', path]);
  // Open for reading as well: else open(2) would wait for a reader, and what is written would be lost without
  // one.
  const file = await open(path, constants.O_RDWR | constants.O_NONBLOCK);
  await file.write(`${secret}\n`);
  const asked = `${path}.asked`;
  return {
    path,
    async refused() {
      const text = await readFile(asked, 'utf8').catch(() => '');
      return text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .slice(0, 5);
    },
    async close() {
      await file.close().catch(() => {});
      await rm(path, { force: true });
      await rm(asked, { force: true });
    },
  };
}
