import type { Inventory } from '../inventory/inventory.ts';
import { OperatorError } from '../model/operator-error.ts';
import { exitStatus, resultWithoutHosts } from '../model/result.ts';
import type { ScheduleTold } from '../model/schedule.ts';
import { loadInventory } from '../playbook/resolve/load-inventory.ts';
import { chooseView } from '../report/choose-view.ts';
import { reportDocument } from '../report/document/document.ts';
import { limitedTo } from '../run/limit.ts';
import { runWindow } from '../run/windows/run-window.ts';
import { windowNow } from '../schedule/decide.ts';
import { absolute } from '../schedule/here.ts';
import { scheduleName, unitName } from '../schedule/names.ts';
import { settingsIn } from '../schedule/settings.ts';
import { readRecords } from '../schedule/store.ts';
import { Systemd } from '../schedule/systemd.ts';
import { home } from '../ssh/config/home.ts';
import type { Environment } from './environment.ts';
import type { CommonOptions } from './options.ts';
import { beginReports, type ReportOptions, tellReports } from './report-options.ts';
import type { StatusOptions } from './schedule-options.ts';
import { ownFolder } from './schedule-round.ts';

/** Shows what a schedule does and has found; returns the exit status. No host is asked. */
export async function scheduleStatus(
  options: StatusOptions & ReportOptions,
  environment: Environment,
): Promise<number> {
  const loaded = await loadInventory(options.inventory, environment.secrets);
  const chosen = limitedTo(loaded.hosts, options.limit);
  await beginReports(options, loaded, environment);
  const installed = await installedOf(options.inventory, environment);
  const unit = installed?.unit ?? nameOf(loaded);
  const systemd = installed?.systemd;
  const settings = settingsIn((await systemd?.textOf(`${unit}.timer`)) ?? '');
  const folder = options.state ?? settings?.records ?? ownFolder(loaded, environment);
  const records = await readRecords(folder);
  const next = await systemd?.next(unit);
  const isRunning = (await systemd?.isRunning(unit)) ?? false;
  const wishes = { window: [], now: false, deadline: undefined };
  const window = windowNow(await runWindow(loaded, wishes, environment.clock));
  // Of a host that has left the inventory, only who asks for all hears.
  const isMeant = (host: string) => options.limit.length === 0 || chosen.has(host);
  return end('schedule status', options, environment, {
    ...{ unit, installed: systemd !== undefined, manager: systemd?.kind },
    ...{ policy: settings?.policy, when: settings?.when, next: isoOf(next) },
    window: { ...window, until: isoOf(window.until) },
    ...(records === undefined ? {} : { records: folder }),
    runs: records?.runs ?? [],
    differences: records?.differences.filter(({ host }) => isMeant(host)) ?? [],
    notes: isRunning
      ? ['a run is at work at this moment; when the next one begins is set once it has ended']
      : [],
  });
}

/** Removes the units of a schedule; returns the exit status. */
export async function removeSchedule(options: CommonOptions, environment: Environment): Promise<number> {
  // An inventory that is gone, or is broken, is a reason to remove its schedule, and none against it.
  const installed = await installedOf(options.inventory, environment);
  if (installed === undefined) {
    const unit = nameOf(await loadInventory(options.inventory, environment.secrets));
    return end('schedule remove', options, environment, { unit, installed: false });
  }
  const { systemd, unit } = installed;
  if (systemd.kind === 'system' && process.geteuid?.() !== 0) {
    throw new OperatorError({
      code: 'usage',
      message: "only root can remove a schedule of the system's",
      next: 'run the command as root',
    });
  }
  const settings = settingsIn((await systemd.textOf(`${unit}.timer`)) ?? '');
  await systemd.remove(unit);
  const kept = settings === undefined ? [] : [`what its runs have found stays in ${settings.records}`];
  return end('schedule remove', options, environment, {
    ...{ unit, installed: false },
    notes: [`${unit}.timer and ${unit}.service are removed`, ...kept],
  });
}

function nameOf({ cluster, file }: Inventory): string {
  return unitName(scheduleName(cluster.name, absolute(file)));
}

/**
 * The schedule for an inventory, and the manager that has it: one's own before the system's. Its name has
 * that of the cluster when it was installed, which may be another one by now.
 */
async function installedOf(
  inventory: string,
  { variables }: Environment,
): Promise<{ readonly systemd: Systemd; readonly unit: string } | undefined> {
  for (const kind of ['user', 'system'] as const) {
    const systemd = new Systemd(kind, { home: home(), variables });
    const [unit] = await systemd.installedFor(absolute(inventory));
    if (unit !== undefined) return { systemd, unit };
  }
  return undefined;
}

function isoOf(instant: number | undefined): string | undefined {
  return instant === undefined ? undefined : new Date(instant).toISOString();
}

async function end(
  command: string,
  options: CommonOptions,
  { output, secrets, inventory, reports }: Environment,
  schedule: ScheduleTold,
): Promise<number> {
  const told = { schedule, taken: inventory, exitStatus: exitStatus.done };
  const document = reportDocument(resultWithoutHosts(command), told, secrets);
  const view = chooseView(output, options);
  view.show('schedule', document);
  for (const lost of (await reports?.write(document)) ?? []) output.messages.write(`warning: ${lost}\n`);
  tellReports(reports?.takeWritten() ?? [], output, (text) => view.message(text));
  view.end(document);
  return exitStatus.done;
}
