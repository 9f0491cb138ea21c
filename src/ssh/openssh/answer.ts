import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * A secret that one process can read once, from a FIFO: it is never in a file, an environment or an argument.
 */
export interface Answer {
  readonly path: string;
  /** Questions that this answer didn't fit, as noted by askpass.sh, in the words of the asking program. */
  refused(): Promise<readonly string[]>;
  /** Withdraws the answer if nobody has read it. */
  close(): Promise<void>;
}

/**
 * The folder must be closed to other users. If the secret has several lines, only the first would be read.
 */
export async function offerAnswer(path: string, secret: string): Promise<Answer> {
  await promisify(execFile)('mkfifo', ['-m', '600', path]);
  // Also open for reading: otherwise open(2) would wait for a reader, and data written without one would be
  // lost.
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
