import { constants } from 'node:fs';
import { access, lstat, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { reasonOf } from '../document/reason.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { ReportTarget } from '../record/report-files.ts';
import type { Target } from '../record/streams.ts';
import type { Environment } from './environment.ts';

/** Where a command writes its report, beside what it shows. */
export interface ReportOptions {
  readonly html?: string;
  /** a file, or `-` for standard output */
  readonly markdown?: string;
}

/** Adds `--html` and `--markdown`. */
export function addReportOptions(command: Command): Command {
  return command
    .option(
      '--html <file>',
      'also write a report as one web page, which needs neither network nor script',
      page,
    )
    .option(
      '--markdown <file>',
      'also write a summary as Markdown, for pull requests and chat; - for standard output',
      file,
    );
}

function file(value: string): string {
  if (value === '') throw new InvalidArgumentError('It must be a file.');
  return value;
}

function page(value: string): string {
  if (value === '-') throw new InvalidArgumentError('A page needs a file of its own, such as report.html.');
  return file(value);
}

/** What is to be written, and where. */
export function targetsOf({ html, markdown }: ReportOptions): readonly ReportTarget[] {
  return [
    ...(html === undefined ? [] : [{ form: 'html' as const, file: html }]),
    ...(markdown === undefined
      ? []
      : [{ form: 'markdown' as const, file: markdown === '-' ? undefined : markdown }]),
  ];
}

/** A file of the same command that no report may take the place of. */
export interface OtherFile {
  /** `the inventory` */
  readonly what: string;
  readonly path: string;
}

/** Further files that some commands read or write. */
export interface FileOptions {
  readonly out?: string;
  /** of apply a file, of other commands something else */
  readonly plan?: unknown;
  readonly metrics?: string;
  readonly events?: Target;
}

export function filesOf({ out, plan, metrics, events }: FileOptions): readonly OtherFile[] {
  return [
    ...(out === undefined ? [] : [{ what: 'the plan', path: out }]),
    ...(typeof plan === 'string' ? [{ what: 'the plan', path: plan }] : []),
    ...(metrics === undefined ? [] : [{ what: 'the metrics', path: metrics }]),
    ...(events?.kind === 'file' ? [{ what: 'the events', path: events.path }] : []),
  ];
}

/**
 * Looks, before any host is asked, whether reports can be written where they are to be. Throws OperatorError
 * `report-file`, or `usage` where one would be written over something else.
 */
export async function checkTargets(
  targets: readonly ReportTarget[],
  { json = false, others = [] }: { readonly json?: boolean; readonly others?: readonly OtherFile[] },
): Promise<void> {
  if (json && targets.some(({ file }) => file === undefined))
    throw usage('--json and --markdown - would both write to standard output', 'name a file for --markdown');
  const files = targets.flatMap(({ file }) => file ?? []);
  const paths = files.map((file) => resolve(file));
  if (new Set(paths).size < paths.length)
    throw usage('--html and --markdown name the same file', 'name two files');
  for (const { what, path } of others) {
    const over = [resolve(path), await realpath(path).catch(() => undefined)];
    if (paths.some((one) => over.includes(one)))
      throw usage(`a report would be written over ${what} ${path}`, 'name another file');
  }
  for (const file of files) await checkFile(file);
}

async function checkFile(file: string): Promise<void> {
  try {
    await access(dirname(resolve(file)), constants.W_OK | constants.X_OK);
    const there = await lstat(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    // It is replaced, never written through: not the file that a link leads to, and no device.
    if (there?.isFile() === false)
      throw new Error(there.isSymbolicLink() ? 'it is a symbolic link' : 'it is no regular file');
  } catch (error) {
    throw new OperatorError({
      code: 'report-file',
      message: `the report can't be written to ${file}: ${reasonOf(error)}`,
      next: 'name a file in a folder that exists and that you may write to; --markdown - is standard output',
    });
  }
}

function usage(message: string, next: string): OperatorError {
  return new OperatorError({ code: 'usage', message, next });
}

/** Begins the reports of a command that is about to ask hosts. */
export async function beginReports(
  options: ReportOptions & FileOptions & { readonly json: boolean },
  inventory: Inventory,
  { reports, output, secrets }: Environment,
): Promise<void> {
  if (reports === undefined) return;
  // What a fleet was told to write, it writes itself.
  const targets = reports.isKept ? [] : targetsOf(options);
  if (targets.length === 0 && !reports.isKept) {
    reports.begin([], nothing);
    return;
  }
  const others = [{ what: 'the inventory', path: inventory.file }, ...filesOf(options)];
  await checkTargets(targets, { json: options.json, others });
  const [{ beginningOf }, { pictureDocument }] = await Promise.all([
    import('./picture.ts'),
    import('../report/document/picture.ts'),
  ]);
  if (targets.some(({ file }) => file === undefined)) output.tellResultsAside();
  reports.begin(targets, pictureDocument(beginningOf(inventory), secrets));
}

/** Says where reports are, to somebody in front of a terminal. */
export function tellReports(
  files: readonly string[],
  output: Environment['output'],
  message: (text: string) => void,
): void {
  for (const file of files) {
    output.links.file(file);
    if (output.messages.isTerminal) message(`the report is in ${file}`);
  }
}

const nothing = { version: '', name: '', inventory: '', operator: '', from: '', roles: [], ways: [] };
