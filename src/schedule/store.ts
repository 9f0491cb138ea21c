import { chmod, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf } from '../document/reason.ts';
import { replaceFile } from '../document/replace-file.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { ScheduledRun } from '../model/schedule.ts';
import type { ReportDocument } from '../report/document/schema.ts';
import { noRecords, type Records, recordsSchema, withRun } from './records.ts';

const name = 'records.json';

/** Makes the folder with a schedule's records, for its owner only. Throws OperatorError `records-folder`. */
export async function openRecords(folder: string): Promise<void> {
  try {
    await mkdir(join(folder, 'runs'), { recursive: true, mode: 0o700 });
    const { mode, uid } = await stat(folder);
    // Whoever has it could lead us by links elsewhere, and could not read what we write there. A volume of a
    // container belongs to root.
    if (uid !== 0 && uid !== process.geteuid?.())
      throw new Error(`it belongs to another account (uid ${uid})`);
    // What hosts are like is nobody else's business.
    if ((mode & 0o077) !== 0 && uid === process.geteuid?.()) await chmod(folder, 0o700);
  } catch (error) {
    throw unusable(folder, error);
  }
}

/** What is remembered in a folder; undefined where there is none. Throws OperatorError `records-folder`. */
export async function readRecords(folder: string): Promise<Records | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, name), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unusable(folder, error);
  }
  try {
    return recordsSchema.parse(JSON.parse(text));
  } catch {
    throw new OperatorError({
      code: 'records-folder',
      message: `${join(folder, name)} is not what a schedule has written`,
      next: 'move it away: since when something differs is counted anew',
    });
  }
}

/** Adds a run, and what it told. The file is replaced as a whole: a power cut leaves one of the two. */
export async function writeRun(
  folder: string,
  ended: ScheduledRun,
  document: ReportDocument | undefined,
): Promise<Records> {
  const report = document === undefined ? undefined : `${ended.at.replaceAll(':', '')}.json`;
  const before = (await readRecords(folder)) ?? noRecords;
  const { records, dropped } = withRun(
    before,
    { ...ended, ...(report === undefined ? {} : { report }) },
    document,
  );
  try {
    if (report !== undefined)
      await replace(join(folder, 'runs', report), `${JSON.stringify(document, undefined, 2)}\n`);
    await replace(join(folder, name), `${JSON.stringify(records, undefined, 2)}\n`);
    for (const one of dropped) await rm(join(folder, 'runs', one), { force: true });
  } catch (error) {
    throw unusable(folder, error);
  }
  return records;
}

/** Replaces a file as a whole, for its owner only, or leaves it as it was. */
export function replace(file: string, text: string): Promise<void> {
  return replaceFile(file, text, { mode: 0o600 });
}

/** Why a folder with records can't be used: an OperatorError `records-folder`. */
export function unusable(folder: string, error: unknown): OperatorError {
  const isFull = ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException | undefined)?.code ?? '');
  return new OperatorError({
    code: 'records-folder',
    message: `the folder with what scheduled runs have found can't be used: ${folder}: ${reasonOf(error)}`,
    next: isFull
      ? 'make room there, or name another folder with --state'
      : 'run the command as the account that the schedule has (see `schedule status`), or name another folder with --state',
  });
}
