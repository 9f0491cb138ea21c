import { open, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Longer than anybody needs to write a small file; milliseconds. */
const abandoned = 10_000;

/**
 * A lock for the moment in which a small file is read and replaced: a file beside it, which whoever comes
 * next waits for. One that was left behind, as by a power cut, is taken away after 10 s. Throws the system's
 * error.
 */
export async function takeLock(file: string): Promise<{ release(): Promise<void> }> {
  const lock = join(dirname(file), `.${basename(file)}.lock`);
  for (;;) {
    try {
      await (await open(lock, 'wx', 0o600)).close();
      return { release: () => rm(lock, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const made = await stat(lock).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
    if (made !== undefined && Date.now() - made > abandoned) await rm(lock, { force: true });
    await sleep(25);
  }
}
