import { readFile } from 'node:fs/promises';
import { reasonOf } from '../../document/reason.ts';
import { replaceFile } from '../../document/replace-file.ts';
import { OperatorError } from '../../model/operator-error.ts';

/** Whoever collects metrics has another account. */
const mode = 0o644;

/** What is in a file with metrics; undefined where there is none that can be read. */
export function readTextfile(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}

/**
 * Replaces a file with metrics as a whole, so that node_exporter never reads half of it: its textfile
 * collector passes over the fresh one, whose name doesn't end with `.prom`. Throws OperatorError
 * `metrics-file`.
 */
export async function writeTextfile(file: string, text: string): Promise<void> {
  await replaceFile(file, text, { mode }).catch((error: unknown) => {
    throw unwritable(file, error);
  });
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
