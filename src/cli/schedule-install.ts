import { basename } from 'node:path';
import type { Inventory } from '../inventory/inventory.ts';
import { OperatorError, OperatorErrors, type Problem } from '../model/operator-error.ts';
import { exitStatus, resultWithoutHosts } from '../model/result.ts';
import type { ScheduleTold } from '../model/schedule.ts';
import { loadInventory } from '../playbook/resolve/load-inventory.ts';
import { chooseView } from '../report/choose-view.ts';
import { reportDocument } from '../report/document/document.ts';
import { reportSchema } from '../report/document/schema.ts';
import { limitedTo } from '../run/limit.ts';
import { runWindow } from '../run/windows/run-window.ts';
import { textsFor } from '../schedule/elsewhere/print.ts';
import { everWithin } from '../schedule/ever.ts';
import { type FirstReport, firstReportProblem } from '../schedule/first-report.ts';
import { absolute, accountHere, inCheckout, placeProblems, programHere } from '../schedule/here.ts';
import { recordsFolder, scheduleName, unitName } from '../schedule/names.ts';
import { secretProblems, variablesOf, wordProblem } from '../schedule/obstacles.ts';
import { openRecords, readRecords } from '../schedule/store.ts';
import { lingers, Systemd } from '../schedule/systemd.ts';
import { serviceText, type Unit, units } from '../schedule/units.ts';
import { secondsBetween, usualSpread, type When, whenWords } from '../schedule/when.ts';
import type { Environment } from './environment.ts';
import { type InstallOptions, refuseIdleLooks, refuseUnagreed, wordsOf } from './schedule-options.ts';

/** Installs a schedule, or prints it for another scheduler; returns the exit status. */
export async function installSchedule(options: InstallOptions, environment: Environment): Promise<number> {
  const { secrets, output } = environment;
  const loaded = await loadInventory(options.inventory, secrets);
  limitedTo(loaded.hosts, options.limit);
  const view = chooseView(output, options);
  const end = (schedule: ScheduleTold, errors: readonly Problem[] = [], status: number = exitStatus.done) => {
    const result = resultWithoutHosts('schedule install');
    const document = reportDocument(
      result,
      { schedule, errors, taken: environment.inventory, exitStatus: status },
      secrets,
    );
    if (errors.length === 0) view.show('schedule', document);
    view.end(document);
    return status;
  };
  const when: When = options.at === undefined ? options.every : { kind: 'daily', minute: options.at };
  refuseWhatContradicts(options, when);
  const planned = await unitOf(options, when, loaded, environment);
  const { unit } = planned;
  if (options.print !== undefined) {
    const elsewhere = {
      ...unit,
      image: options.image,
      secrets: variablesOf(secretsIn(loaded)).map(({ name }) => name),
      // A pipeline works in a checkout, a container has a volume.
      inventory: ['gitlab', 'github'].includes(options.print)
        ? await inCheckout(loaded.file)
        : basename(options.inventory),
    };
    return end({ texts: textsFor(options.print, elsewhere) });
  }
  const name = unitName(unit.name);
  const systemd = new Systemd(unit.manager.kind, { home: planned.home, variables: environment.variables });
  await systemd.present();
  await refuseWhatWontWork(planned, loaded, options, environment);
  if (unit.manager.kind === 'user') await openRecords(unit.records);
  view.message('a first report, in the surroundings that the schedule will have');
  environment.phase.interruption = 'nothing is installed';
  await environment.attend();
  const first = await firstReport(systemd, unit, options, environment.signal);
  const agent = environment.variables.SSH_AUTH_SOCK !== undefined;
  const journal = `journalctl ${systemd.kind === 'user' ? '--user ' : ''}--unit=${name}-first`;
  const problem = firstReportProblem(first, { journal, agent });
  if (problem !== undefined && !options.untried)
    return end({ unit: name, installed: false }, [problem], exitStatus.nothingTouched);
  const former = (await systemd.installedFor(absolute(options.inventory))).filter((one) => one !== name);
  for (const one of former) await systemd.remove(one);
  await systemd.install(name, units(unit));
  const records = await readRecords(unit.records).catch(() => undefined);
  const next = await systemd.next(name);
  return end({
    ...{ unit: name, manager: unit.manager.kind, installed: true, policy: options.policy },
    ...{ when: whenWords(when), records: unit.records },
    next: next === undefined ? undefined : new Date(next).toISOString(),
    ...{ runs: records?.runs.slice(0, 1), differences: records?.differences },
    notes: [
      ...former.map((one) => `${one}.timer is removed: it had the cluster's former name`),
      ...(problem === undefined ? [] : [`${problem.message}: ${(problem.notes ?? []).join('; ')}`]),
      ...(await userNotes(unit, planned.account)),
    ],
  });
}

/** Throws OperatorError `usage` for what would not be as it is said, night after night. */
function refuseWhatContradicts(options: InstallOptions, when: When): void {
  const { spread, metrics, print } = options;
  refuseIdleLooks(options);
  refuseUnagreed(options);
  const usage = (message: string, next: string) => new OperatorError({ code: 'usage', message, next });
  if (spread !== undefined && spread >= secondsBetween(when))
    throw usage(
      `--spread must be shorter than the time between two runs, which begin ${whenWords(when)}`,
      'choose a shorter --spread, or leave it out',
    );
  if (metrics !== undefined && print !== undefined && !['systemd', 'cron'].includes(print))
    throw usage(
      `--metrics writes a file on the machine on which node_exporter runs, which --print ${print} knows nothing of`,
      'leave --metrics out',
    );
  if (metrics !== undefined && /^\/(tmp|var\/tmp)\//.test(absolute(metrics)))
    throw usage(
      `--metrics ${metrics} is in a folder for temporary files, of which the service has its own`,
      'name a file in the folder that node_exporter reads',
    );
}

interface Planned {
  readonly unit: Unit;
  readonly account: string;
  readonly uid: number;
  readonly home: string;
}

async function unitOf(
  options: InstallOptions,
  when: When,
  inventory: Inventory,
  { variables }: Environment,
): Promise<Planned> {
  const { system, user, runAs, print } = options;
  const isRoot = process.geteuid?.() === 0;
  const usage = (message: string, next: string) => new OperatorError({ code: 'usage', message, next });
  if (system && user) throw usage('--system and --user exclude each other', 'leave one of them out');
  const isSystem = system || runAs !== undefined || (isRoot && !user);
  if (isSystem && user) throw usage('--run-as goes with --system', 'leave --user out');
  if (isSystem && !isRoot && print === undefined)
    throw usage(
      "only root can install a schedule of the system's",
      'run the command as root, or with --user',
    );
  const account = await accountHere(runAs);
  const file = absolute(options.inventory);
  const name = scheduleName(inventory.cluster.name, file);
  const own = { home: account.home, stateHome: variables.XDG_STATE_HOME };
  const unit: Unit = {
    ...{ name, cluster: inventory.cluster.name, when, zone: inventory.timeZone, policy: options.policy },
    spread: options.spread ?? usualSpread(when),
    program: await programHere(),
    words: wordsOf(options, file),
    manager: isSystem ? { kind: 'system', account: account.name } : { kind: 'user' },
    records: recordsFolder(name, isSystem ? 'system' : own),
    credentials: options.credential,
    metrics: options.metrics === undefined ? undefined : absolute(options.metrics),
  };
  const unwritable = wordProblem([
    ...unit.program,
    ...unit.words,
    unit.records,
    ...unit.credentials.values(),
    ...(unit.metrics === undefined ? [] : [unit.metrics]),
  ]);
  if (unwritable !== undefined) throw new OperatorError(unwritable);
  return { unit, account: account.name, uid: account.uid, home: account.home };
}

/** What hosts get, and what it takes to tell people. */
function secretsIn({ secrets, notifySecrets = [] }: Inventory) {
  return [...secrets, ...notifySecrets];
}

/** Throws OperatorErrors with everything that is known not to work, before anything is written. */
async function refuseWhatWontWork(
  { unit, uid }: Planned,
  inventory: Inventory,
  { policy, credential }: InstallOptions,
  { clock }: Environment,
): Promise<void> {
  const window = await runWindow(inventory, { window: [], now: false, deadline: undefined }, clock);
  const never: readonly Problem[] =
    policy === 'fix' && !everWithin(unit.when, window, clock.zone)
      ? [
          {
            code: 'schedule-outside-windows',
            message: `a schedule that runs ${whenWords(unit.when)} never runs while a window is open, so it would repair nothing`,
            next: 'choose another --at or --every, or add a window to the inventory',
          },
        ]
      : [];
  const problems = [
    ...(await placeProblems(unit.program, absolute(inventory.file), uid)),
    ...secretProblems(secretsIn(inventory), credential),
    ...never,
  ];
  if (problems.length > 0) throw new OperatorErrors(problems);
}

/** A report by a service that is as the schedule's, whatever policy that has. */
async function firstReport(
  systemd: Systemd,
  unit: Unit,
  options: InstallOptions,
  signal: AbortSignal,
): Promise<FirstReport> {
  const words = [...wordsOf(options, absolute(options.inventory), 'report'), '--json'];
  const first = `${unitName(unit.name)}-first`;
  const ended = await systemd.tryOut(
    first,
    (file) => serviceText({ ...unit, policy: 'report', words }, file),
    signal,
  );
  return { ...ended, document: documentIn(ended.output) };
}

function documentIn(output: string): FirstReport['document'] {
  try {
    return reportSchema.parse(JSON.parse(output));
  } catch {
    return undefined;
  }
}

async function userNotes({ manager }: Unit, account: string): Promise<readonly string[]> {
  if (manager.kind === 'system' || (await lingers(account))) return [];
  return [
    `your manager ends when you log out, and the schedule with it, until you allow it to stay: loginctl enable-linger ${account}`,
  ];
}
