import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { Problem } from '../model/operator-error.ts';
import type { ProgressEvent } from '../model/progress.ts';
import type { LogFile } from '../record/folder.ts';
import type { Reported } from '../record/report-files.ts';
import type { ViewOptions } from '../report/choose-view.ts';
import type { ReportDocument } from '../report/document/schema.ts';
import { addColorOptions } from './color-option.ts';
import type { Environment, Registration } from './environment.ts';
import { addExample, pagerOption, positive } from './options.ts';
import {
  addReportOptions,
  checkTargets,
  type ReportOptions as FileOptions,
  targetsOf,
  tellReports,
} from './report-options.ts';

interface ReportOptions extends FileOptions {
  readonly last: boolean;
  readonly list: number;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly pager: boolean;
  readonly color: ViewOptions['color'];
}

const usualLength = 20;

export function registerReport(program: Command, { environment, finish }: Registration): void {
  const command = addReportOptions(
    program
      .command('report')
      .argument(
        '[run]',
        'the id of a run, or a file that --events has written; all runs without it',
        notEmpty,
      )
      .description(
        'Shows once more what a command told on this machine, from its event log; lists the last runs without an id. Needs no host.',
      )
      .option('--last', 'the last run', false)
      .option('--list <n>', 'how many runs to list', positive, usualLength)
      .option('--json', 'print one JSON document', false)
      .option('--quiet', 'show no progress and no messages', false)
      .option('--verbose', 'show more detail', false),
  )
    .addOption(pagerOption())
    .action(async (run: string | undefined, options: ReportOptions) =>
      finish(await report(run, options, environment)),
    );
  addColorOptions(command);
  addExample(command, 'clusterproxy report', 'clusterproxy report 20261121T074501Z-4f2a9c --verbose');
}

async function report(
  run: string | undefined,
  options: ReportOptions,
  environment: Environment,
): Promise<number> {
  const [{ readLog }, { exitStatus }, { OperatorError }, { nearestName }] = await Promise.all([
    import('../record/read-log.ts'),
    import('../model/result.ts'),
    import('../model/operator-error.ts'),
    import('../document/nearest-name.ts'),
  ]);
  if (run !== undefined && options.last)
    throw new OperatorError({
      code: 'usage',
      message: `--last is one run, and ${run} another`,
      next: 'leave one of them out',
    });
  if (run?.includes('/') || run?.endsWith('.jsonl')) {
    const others = [{ what: 'the event log', path: run }];
    await checkTargets(targetsOf(options), { json: options.json, others });
    await shownAgain(await readLog(run), run, options, environment);
    return exitStatus.done;
  }
  const logs = await allLogs(environment);
  if (run === undefined && !options.last && targetsOf(options).length > 0)
    throw new OperatorError({
      code: 'usage',
      message: 'a list of runs has no report of its own',
      next: 'name a run, or give --last',
    });
  if (run === undefined && !options.last) return listed(logs.slice(0, options.list), options, environment);
  const found = run === undefined ? logs[0] : logs.find(({ name }) => name === run);
  if (found !== undefined) {
    const others = [{ what: 'the event log', path: found.path }];
    await checkTargets(targetsOf(options), { json: options.json, others });
    await shownAgain(await readLog(found.path), found.name, options, environment);
    return exitStatus.done;
  }
  const nearest = nearestName(
    run ?? '',
    logs.map(({ name }) => name),
  );
  throw new OperatorError({
    code: 'record-unknown',
    message:
      run === undefined ? 'this machine has no record of a run' : `this machine has no record of ${run}`,
    next:
      nearest === undefined
        ? 'clusterproxy report lists those that there are; the hosts remember theirs: clusterproxy history'
        : `did you mean ${nearest}? clusterproxy report lists all of them`,
  });
}

/** Of this account, and of the schedules whose folders it may read; the latest first. */
async function allLogs({ variables }: Environment): Promise<readonly LogFile[]> {
  const [{ logsIn, logsFolder }, { home }, { scheduleFolders }] = await Promise.all([
    import('../record/folder.ts'),
    import('../ssh/config/home.ts'),
    import('./session-events.ts'),
  ]);
  const schedules = await Promise.all(
    scheduleFolders(variables).map(async (folder) =>
      (await readdir(folder).catch(() => [])).map((name) => join(folder, name, 'events')),
    ),
  );
  const own = await logsIn(logsFolder(variables.XDG_STATE_HOME, home()));
  const others = await Promise.all(schedules.flat().map((folder) => logsIn(folder).catch(() => [])));
  return [...own, ...others.flat()].sort((one, other) => other.at - one.at);
}

type Log = Awaited<ReturnType<typeof import('../record/read-log.ts').readLog>>;

/** Every view tells what it told then; one that had not ended is told as such. */
async function shownAgain(
  { begin, lines }: Log,
  name: string,
  options: ReportOptions,
  { output, secrets }: Environment,
): Promise<void> {
  const [{ replay }, { chooseView }, { errorReport }, { errorDocument }, { exitStatus }] = await Promise.all([
    import('../report/events/replay.ts'),
    import('../report/choose-view.ts'),
    import('../report/document/document.ts'),
    import('../report/document/problem.ts'),
    import('../model/result.ts'),
  ]);
  const onlyNews = options.quiet && ['check', 'schedule run'].includes(begin.command);
  if (options.pager && !options.json && options.markdown !== '-') output.keepForPager();
  if (options.markdown === '-') output.tellResultsAside();
  const view = chooseView(output, { ...options, onlyNews });
  const { end, latest } = replay(lines, view);
  const ended = async (document: ReportDocument) => {
    const { lost, written } = await writtenAgain({ begin, lines }, document, options, output);
    for (const words of lost) output.messages.write(`warning: ${words}\n`);
    tellReports(written, output, (text) => view.message(text));
    view.end(document);
  };
  if (end !== undefined) {
    await ended(end);
    return;
  }
  const last = lines.at(-1)?.at ?? begin.at;
  const problem: Problem = {
    code: 'record-unfinished',
    message: `the record of ${name} ends at ${last.slice(0, 19).replace('T', ' ')} UTC, and ${begin.command} had not ended by then: it goes on, or its controller is gone`,
    next: `see what the hosts say: clusterproxy status --inventory ${begin.inventory}`,
  };
  const nothing = errorReport(begin.command, { exitStatus: exitStatus.failed, errors: [problem] }, secrets);
  const document: ReportDocument = latest ?? nothing;
  await ended({
    ...document,
    summary: { ...document.summary, exitStatus: exitStatus.failed },
    errors: [...(document.errors ?? []), errorDocument(problem)],
  });
}

/** The reports of a past command: who talked to whom is not in its log, but when what was done is. */
async function writtenAgain(
  { begin, lines }: Log,
  document: ReportDocument,
  options: ReportOptions,
  output: Environment['output'],
): Promise<Reported> {
  const targets = targetsOf(options);
  if (targets.length === 0) return { written: [], lost: [] };
  const [{ HostPhases }, { pictureOf, writeReports }, { screenshotsIn }] = await Promise.all([
    import('../record/phases.ts'),
    import('../record/report-files.ts'),
    import('../record/screenshots.ts'),
  ]);
  const start = Date.parse(begin.at);
  const phases = new HostPhases(start);
  for (const line of lines)
    if (line.event === 'progress') phases.progress(line.progress as ProgressEvent, Date.parse(line.at));
  const end = Date.parse(lines.at(-1)?.at ?? begin.at);
  const { version, cluster, inventory, operator, from } = begin;
  const picture = { version, name: cluster, inventory, operator, from, roles: [], ways: [] };
  const drawn = pictureOf({ picture, start }, phases.ended(end), end);
  const screenshots = await screenshotsIn(document.browser?.screenshots);
  const whole = { ...document, picture: { ...drawn, ...screenshots } };
  return writeReports(whole, targets, (text) => output.document(text));
}

async function listed(
  logs: readonly LogFile[],
  options: ReportOptions,
  { output, secrets }: Environment,
): Promise<number> {
  const [{ readLog }, { chooseView }, { reportDocument }, { exitStatus, resultWithoutHosts }] =
    await Promise.all([
      import('../record/read-log.ts'),
      import('../report/choose-view.ts'),
      import('../report/document/document.ts'),
      import('../model/result.ts'),
    ]);
  const warnings: string[] = [];
  const records: NonNullable<ReportDocument['records']> = [];
  for (const { name, path } of logs) {
    const read = await readLog(path).catch((error: Error) => error);
    if (read instanceof Error) {
      warnings.push(read.message);
      continue;
    }
    const { command, at, inventory, cluster, operator, from } = read.begin;
    const last = read.lines.at(-1);
    const ended = last?.event === 'end' ? { endedAt: last.at, exitStatus: last.exitStatus } : {};
    records.push({ name, command, at, ...ended, inventory, cluster, operator, from, file: path });
  }
  const made = reportDocument(
    { ...resultWithoutHosts('report'), warnings },
    { exitStatus: exitStatus.done },
    secrets,
  );
  const document = { ...made, records };
  const view = chooseView(output, options);
  if (warnings.length > 0) view.show('warnings', document);
  view.show('records', document);
  view.end(document);
  return exitStatus.done;
}

function notEmpty(value: string): string {
  if (value === '') throw new InvalidArgumentError('It must be the id of a run, or a file.');
  return value;
}
