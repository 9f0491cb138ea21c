import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { reasonOf } from '../../document/reason.ts';
import { OperatorError } from '../../model/operator-error.ts';

/** Whoever collects metrics has another account. */
const mode = 0o644;

/** What is in a file with metrics; undefined where there is none that can be read. */
export function readTextfile(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}

/**
 * Replaces a file with metrics as a whole, so that node_exporter never reads half of it. The fresh one has a
 * name that its textfile collector passes over, as that doesn't end with `.prom`, and that whoever else can
 * write into the folder can't foresee, to lead us elsewhere. Throws OperatorError `metrics-file`.
 */
export async function writeTextfile(file: string, text: string): Promise<void> {
  const fresh = join(dirname(file), `.${basename(file)}.${randomBytes(8).toString('hex')}`);
  try {
    const handle = await open(fresh, 'wx', mode);
    try {
      await handle.writeFile(text);
      // Whatever the umask is, which is 0077 for a scheduled run.
      await handle.chmod(mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(fresh, file);
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => undefined);
    throw unwritable(file, error);
  }
}

function unwritable(file: string, error: unknown): OperatorError {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  return new OperatorError({
    code: 'metrics-file',
    message: `the file with metrics could not be written: ${file}: ${reasonOf(error)}`,
    next: ['ENOSPC', 'EDQUOT'].includes(code)
      ? 'make room there; what the run has done is told all the same'
      : 'name a file with --metrics in a folder that exists and that this account can write to; what the run has done is told all the same',
  });
}
