import { join } from 'node:path';
import { timeWords } from '../calendar/words.ts';
import { reasonOf } from '../document/reason.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { type Problem, problemsOf } from '../model/operator-error.ts';
import { exitStatus, worstOf } from '../model/result.ts';
import type { PutOff, ScheduledRun } from '../model/schedule.ts';
import type { WhenBusy } from '../model/when-busy.ts';
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
import type { MetricsWriter } from './metrics-writer.ts';
import { openNotifying, type ToldOf } from './notify-targets.ts';
import { policyWith } from './queue-options.ts';
import { withScheduleHooks } from './schedule-hooks.ts';
import type { ScheduleRunOptions } from './schedule-options.ts';
import { openSession, type Session, type SessionMeans } from './session.ts';

/** What one round of a schedule is about, and by what means. */
export interface Round {
  readonly options: ScheduleRunOptions;
  readonly inventory: Inventory;
  readonly metrics: MetricsWriter | undefined;
  /** of a process that carries out many: what they share; undefined: each has its own */
  readonly means?: SessionMeans | undefined;
}

/** A run that is going on. */
interface Running {
  readonly options: ScheduleRunOptions;
  readonly folder: string;
  readonly at: number;
  readonly window: RunWindow;
  readonly decision: Decision;
  readonly metrics: MetricsWriter | undefined;
  readonly means: SessionMeans | undefined;
  readonly now: () => number;
  /** tells people of it, once it has ended; returns what is worth a word of that */
  readonly tell: (document: ReportDocument) => Promise<readonly string[]>;
}

/**
 * Exactly what check does, or apply within a window, with what it finds recorded and told. It never asks
 * anything. Returns its exit status; `busy`: another one of this schedule is at work, and nothing was done.
 */
export async function carryOutRound(round: Round, environment: Environment): Promise<number | 'busy'> {
  const { options, inventory: loaded, metrics, means } = round;
  const { secrets, clock } = environment;
  const at = clock.now();
  const folder = stateOf(options, loaded, environment);
  metrics?.remember(() => readRecords(folder));
  const tell = await telling(loaded, folder, environment);
  const untold = async (error: unknown): Promise<never> => {
    const errors = secrets.maskAll(problemsOf(error));
    await tell(errorReport('schedule run', { exitStatus: exitStatus.nothingTouched, errors }, secrets));
    throw error;
  };
  await openRecords(folder).catch(untold);
  const lock = await takeLock(folder).catch(untold);
  if (lock === undefined) return 'busy';
  try {
    const wishes = { window: [], now: false, deadline: undefined };
    const window = await runWindow(loaded, wishes, clock);
    const records = (await readRecords(folder).catch(untold)) ?? noRecords;
    const decision = decide({ policy: options.policy, window, last: lastLook(records) });
    const run = { options, folder, at, window, decision, metrics, means, now: clock.now, tell };
    return await carriedOut(run, loaded, environment).catch(async (error: unknown) => {
      await recordFailure(run, error, environment).catch(() => undefined);
      throw error;
    });
  } finally {
    await lock.release();
  }
}

/** Tells people of what a run has found; that they can't be told is no reason to lose it. */
export async function telling(
  inventory: ToldOf | undefined,
  folder: string,
  environment: Environment,
): Promise<Running['tell']> {
  const notifying = inventory && (await openNotifying(inventory, folder, environment));
  return async (document) => {
    if (notifying === undefined) return [];
    const { tell } = await import('../schedule/notify/tell.ts');
    return tell(document, notifying).catch((error: unknown) => [
      `nobody could be told: ${environment.secrets.mask(reasonOf(error))}`,
    ]);
  };
}

async function carriedOut(run: Running, loaded: Inventory, environment: Environment): Promise<number> {
  const { options, means } = run;
  const noted = { ...options, recordIn: join(run.folder, 'events') };
  return withScheduleHooks(
    { inventory: loaded, options: noted, environment, view: means?.view },
    () => openSession('schedule run', noted, environment, 'everything', unforced(loaded), means),
    (session) => carriedOutIn(session, run, loaded, environment),
  );
}

async function carriedOutIn(
  session: Session,
  run: Running,
  loaded: Inventory,
  environment: Environment,
): Promise<number> {
  const { options, decision, window, means } = run;
  const problems = means?.problems ?? [];
  if (problems.length > 0) session.complete(async (document) => withErrors(document, problems, environment));
  session.complete((document) =>
    recorded(run, document).catch((error: unknown) => unrecorded(run, document, error, environment)),
  );
  // People are told of certificates too, which only a look that measures asks for.
  if (run.metrics !== undefined) await run.metrics.follow(session);
  else if (loaded.notify !== undefined) await session.measure(new Measuring(environment));
  if (decision.does === 'report') {
    if (decision.isOutside) session.message(`${outsideWords(window)}: this run only looks`);
    return checkOver(session);
  }
  return applyOver(session, policyWith(applyOptions(options)), environment, {
    window: { ...window, deadline: decision.closes },
  });
}

/** Records a run that has told what it found, and adds to that what came of it. */
async function recorded(run: Running, document: ReportDocument): Promise<ReportDocument> {
  // A process that watches is ended in the midst of a look whenever its machine restarts: that is no news.
  if (run.means !== undefined && run.decision.does === 'report' && document.summary.interrupted)
    return { ...document, command: 'schedule run' };
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
async function unrecorded(
  run: Running,
  document: ReportDocument,
  error: unknown,
  environment: Environment,
): Promise<ReportDocument> {
  const whole = withErrors({ ...document, command: 'schedule run' }, problemsOf(error), environment);
  return { ...whole, ...scheduleDocument({ notes: await run.tell(whole) }) };
}

/** Adds what went wrong beside it, which counts as a failure. */
function withErrors(
  document: ReportDocument,
  problems: readonly Problem[],
  { secrets }: Environment,
): ReportDocument {
  const { summary, errors = [] } = document;
  return {
    ...document,
    errors: [...errors, ...secrets.maskAll(problems).map(errorDocument)],
    summary: { ...summary, exitStatus: worstOf(summary.exitStatus, exitStatus.failed) },
  };
}

/** Records a run that ended before it could look at anything. */
export async function recordFailure(
  run: Omit<Running, 'window' | 'metrics'>,
  error: unknown,
  { secrets, phase }: Environment,
): Promise<void> {
  const problems = secrets.maskAll(problemsOf(error));
  const isInterrupted = problems.some(({ code }) => code === 'interrupted');
  if (run.means !== undefined && isInterrupted && !phase.changing) return;
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
  const unwritten = await writeRun(run.folder, ended, undefined).then(
    () => [],
    (failed: unknown) => secrets.maskAll(problemsOf(failed)),
  );
  const errors = [...problems, ...unwritten];
  await run.tell(errorReport('schedule run', { exitStatus: ended.exitStatus, errors }, secrets));
}

function endedNow({ options, at, now, decision }: Omit<Running, 'window' | 'metrics'>) {
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
export function ownFolder(inventory: Inventory, environment: Pick<Environment, 'variables'>): string {
  return join(recordsHere(environment), scheduleName(inventory.cluster.name, absolute(inventory.file)));
}

/** The folder with those of all schedules of this account. */
export function recordsHere({ variables }: Pick<Environment, 'variables'>): string {
  const isRoot = process.geteuid?.() === 0;
  return recordsFolder('', isRoot ? 'system' : { home: home(), stateHome: variables.XDG_STATE_HOME });
}

/** The folder with what its rounds have found. */
export function stateOf(
  { state }: ScheduleRunOptions,
  inventory: Inventory,
  environment: Environment,
): string {
  return state ?? ownFolder(inventory, environment);
}
