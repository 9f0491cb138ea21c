import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { timeWords } from '../calendar/words.ts';
import { reasonOf } from '../document/reason.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { OperatorError, type Problem, problemsOf } from '../model/operator-error.ts';
import { exitStatus, worstOf } from '../model/result.ts';
import type { PutOff, ScheduledRun } from '../model/schedule.ts';
import type { WhenBusy } from '../model/when-busy.ts';
import { loadInventory } from '../playbook/resolve/load-inventory.ts';
import { chooseView } from '../report/choose-view.ts';
import { errorReport } from '../report/document/document.ts';
import { errorDocument } from '../report/document/problem.ts';
import { scheduleDocument } from '../report/document/schedule.ts';
import type { ReportDocument } from '../report/document/schema.ts';
import { usualApply } from '../run/options.ts';
import { type RunWindow, runWindow } from '../run/windows/run-window.ts';
import { type Decision, decide, windowNow } from '../schedule/decide.ts';
import { putOffIn } from '../schedule/differences.ts';
import { absolute } from '../schedule/here.ts';
import { takeLock } from '../schedule/lock.ts';
import { recordsFolder, scheduleName } from '../schedule/names.ts';
import { lastLook, noRecords } from '../schedule/records.ts';
import { openRecords, readRecords, writeRun } from '../schedule/store.ts';
import { home } from '../ssh/config/home.ts';
import { type ApplyCommandOptions, applyOver } from './apply.ts';
import { checkOver } from './check.ts';
import type { Environment } from './environment.ts';
import { Measuring } from './measuring.ts';
import { withMetrics } from './metrics.ts';
import type { MetricsFile } from './metrics-file.ts';
import { openNotifying } from './notify-targets.ts';
import { policyWith } from './queue-options.ts';
import type { ScheduleRunOptions } from './schedule-options.ts';
import { openSession } from './session.ts';

/** A run that is going on. */
interface Running {
  readonly options: ScheduleRunOptions;
  readonly folder: string;
  readonly at: number;
  readonly window: RunWindow;
  readonly decision: Decision;
  readonly metrics: MetricsFile | undefined;
  readonly now: () => number;
  /** tells people of it, once it has ended; returns what is worth a word of that */
  readonly tell: (document: ReportDocument) => Promise<readonly string[]>;
}

/**
 * What the timer calls: exactly what check does, or apply within a window, with what it finds recorded. It
 * never asks anything, and another run of the same schedule is refused.
 */
export async function runSchedule(options: ScheduleRunOptions, given: Environment): Promise<number> {
  const environment = await withCredentials(given);
  return withMetrics(options, environment, (metrics) => runOnce(options, environment, metrics));
}

async function runOnce(
  options: ScheduleRunOptions,
  environment: Environment,
  metrics: MetricsFile | undefined,
): Promise<number> {
  const { secrets, clock } = environment;
  const at = clock.now();
  const loaded = await loadInventory(options.inventory, secrets);
  const folder = options.state ?? ownFolder(loaded, environment);
  metrics?.remember(() => readRecords(folder));
  await openRecords(folder);
  const lock = await takeLock(folder);
  if (lock === undefined) return refuse(running(folder), options, environment);
  try {
    const wishes = { window: [], now: false, deadline: undefined };
    const window = await runWindow(loaded, wishes, clock);
    const records = (await readRecords(folder)) ?? noRecords;
    const decision = decide({ policy: options.policy, window, last: lastLook(records) });
    const notifying = await openNotifying(loaded, folder, environment);
    const told = async (document: ReportDocument) => {
      if (notifying === undefined) return [];
      const { tell } = await import('../schedule/notify/tell.ts');
      // That people can't be told is no reason to lose what was found.
      return tell(document, notifying).catch((error: unknown) => [
        `nobody could be told: ${secrets.mask(reasonOf(error))}`,
      ]);
    };
    const run = { options, folder, at, window, decision, metrics, now: clock.now, tell: told };
    return await carriedOut(run, loaded, environment).catch(async (error: unknown) => {
      await recordFailure(run, error, environment).catch(() => undefined);
      throw error;
    });
  } finally {
    await lock.release();
  }
}

async function carriedOut(run: Running, loaded: Inventory, environment: Environment): Promise<number> {
  const { options, decision, window } = run;
  const noted = { ...options, recordIn: join(run.folder, 'events') };
  const session = await openSession('schedule run', noted, environment, 'everything', unforced(loaded));
  session.complete((document) =>
    recorded(run, document).catch((error: unknown) => unrecorded(document, error, environment)),
  );
  // People are told of certificates too, which only a look that measures asks for.
  if (run.metrics !== undefined) await run.metrics.follow(session);
  else if (loaded.notify !== undefined) await session.measure(new Measuring(environment));
  if (decision.does === 'report') {
    if (decision.isOutside) session.message(`${outsideWords(window)}: this run only looks`);
    return checkOver(session);
  }
  return applyOver(session, policyWith(applyOptions(options)), environment, {
    ...window,
    deadline: decision.closes,
  });
}

/** Records a run that has told what it found, and adds to that what came of it. */
async function recorded(run: Running, document: ReportDocument): Promise<ReportDocument> {
  const { decision, window, folder, options } = run;
  const outside: PutOff | undefined = decision.isOutside
    ? { code: 'outside-window', message: outsideWords(window) }
    : undefined;
  const ended: ScheduledRun = {
    ...endedNow(run),
    did: decision.does,
    run: document.run,
    exitStatus: document.summary.exitStatus,
    statuses: document.summary.statuses as ScheduledRun['statuses'],
    putOff: putOffIn(document, outside),
    errors: [],
  };
  const whole = { ...document, command: 'schedule run' };
  const records = await writeRun(folder, ended, whole);
  const until = windowNow(window);
  const told = {
    ...{ policy: options.policy, records: folder, differences: records.differences },
    window: { ...until, until: isoOf(until.until) },
    runs: records.runs.slice(0, 1),
    notes: await run.tell(whole),
  };
  return { ...whole, ...scheduleDocument(told) };
}

/** What a run has told isn't lost where it can't be recorded, as on a full disk. */
function unrecorded(document: ReportDocument, error: unknown, { secrets }: Environment): ReportDocument {
  const { summary, errors = [] } = document;
  const problems = problemsOf(error);
  if (problems.length === 0) throw error;
  const status = worstOf(summary.exitStatus, exitStatus.failed);
  return {
    ...document,
    command: 'schedule run',
    errors: [...errors, ...secrets.maskAll(problems).map(errorDocument)],
    summary: { ...summary, exitStatus: status },
  };
}

/** Records a run that ended before it could look at anything. */
async function recordFailure(run: Running, error: unknown, { secrets, phase }: Environment): Promise<void> {
  const problems = secrets.maskAll(problemsOf(error));
  const isInterrupted = problems.some(({ code }) => code === 'interrupted');
  const failed = phase.changing ? exitStatus.failed : exitStatus.nothingTouched;
  const ended: ScheduledRun = {
    ...endedNow(run),
    did: run.decision.does,
    run: null,
    exitStatus: isInterrupted ? exitStatus.interrupted : failed,
    statuses: {},
    putOff: [],
    errors: problems.map(({ code, message }) => ({ code, message })),
  };
  await writeRun(run.folder, ended, undefined);
  await run.tell(errorReport('schedule run', { exitStatus: ended.exitStatus, errors: problems }, secrets));
}

function endedNow({ options, at, now, decision }: Running) {
  const iso = (instant: number) => new Date(instant).toISOString();
  return {
    ...{ at: iso(at), endedAt: iso(now()), policy: options.policy },
    missed: decision.missed.map(({ from, to }) => ({ from: iso(from), to: iso(to) })),
  };
}

/** Exactly what `apply --yes` does, but for hosts that change themselves later. */
function applyOptions({ whenIdle, withoutCordon, ...common }: ScheduleRunOptions): ApplyCommandOptions {
  const { waitTimeout, drainTimeout, confirm, confirmTimeout, lockWait, onFailure } = usualApply;
  return {
    ...common,
    ...{ yes: true, dryRun: false, force: false, window: [], now: false, prune: false, verify: false },
    ...{ waitTimeout, drainTimeout, confirm, confirmTimeout, lockWait, onFailure, maxFailures: 0 },
    // The programs that the inventory names have their say; nobody has named others.
    ...{ whenIdle, withoutCordon, despitePolls: false, policy: [] },
  };
}

/** Nobody has said for this run that people may be interrupted: they aren't, whatever the inventory says. */
function unforced(inventory: Inventory): Inventory {
  const { all, roles } = inventory.whenBusy;
  const whenBusy: WhenBusy = {
    all: all === 'force' ? 'refuse' : all,
    roles: new Map([...roles].map(([role, policy]) => [role, policy === 'force' ? 'refuse' : policy])),
  };
  return { ...inventory, whenBusy };
}

function outsideWords(window: RunWindow): string {
  const { until } = windowNow(window);
  const next =
    until === undefined
      ? 'and none opens within a year'
      : `and the next one opens ${timeWords(until, window.zone)} (${window.zone})`;
  return `no window is open, ${next}`;
}

function isoOf(instant: number | undefined): string | undefined {
  return instant === undefined ? undefined : new Date(instant).toISOString();
}

/** The folder of whoever calls it by hand, or by cron. */
export function ownFolder(inventory: Inventory, { variables }: Pick<Environment, 'variables'>): string {
  const name = scheduleName(inventory.cluster.name, absolute(inventory.file));
  const isRoot = process.geteuid?.() === 0;
  return recordsFolder(name, isRoot ? 'system' : { home: home(), stateHome: variables.XDG_STATE_HOME });
}

/**
 * Files of LoadCredential= stand for environment variables of their names (systemd.exec(5)). They get into no
 * environment: programs that are run don't inherit them.
 */
async function withCredentials(environment: Environment): Promise<Environment> {
  const folder = environment.variables.CREDENTIALS_DIRECTORY;
  if (folder === undefined) return environment;
  const names = await readdir(folder).catch((): readonly string[] => []);
  const found = await Promise.all(
    names.map(async (name) => {
      const value = (await readFile(join(folder, name), 'utf8')).replace(/\r?\n$/, '');
      environment.secrets.add(value);
      return [name, value] as const;
    }),
  );
  const variables = { ...Object.fromEntries(found), ...environment.variables };
  // What is looked up when it is asked for, such as standard input, stays so.
  return Object.create(environment, { variables: { value: variables, enumerable: true } }) as Environment;
}

function running(folder: string): Problem {
  return new OperatorError({
    code: 'schedule-running',
    message: 'another run of this schedule is at work on this machine; nothing was done',
    next: 'wait until it has ended',
    detail: folder,
  }).problem;
}

function refuse(problem: Problem, options: ScheduleRunOptions, { output, secrets }: Environment): number {
  const report = { exitStatus: exitStatus.failed, errors: [problem] };
  chooseView(output, options).end(errorReport('schedule run', report, secrets));
  return exitStatus.failed;
}
