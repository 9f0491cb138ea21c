import { join } from 'node:path';
import { reasonOf } from '../document/reason.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { EventLog } from '../record/event-log.ts';
import { logsFolder } from '../record/folder.ts';
import { KeptLog } from '../record/kept-log.ts';
import { Nameless } from '../record/nameless.ts';
import type { Outlet } from '../record/outlet.ts';
import { openPipedStdout, openTarget, type Target } from '../record/streams.ts';
import { cleanName } from '../report/document/harmless.ts';
import { operatorHere } from '../run/operator.ts';
import { newRunId } from '../run/run-id.ts';
import { home } from '../ssh/config/home.ts';
import { packageVersion } from '../version.ts';
import type { Environment } from './environment.ts';
import type { CommonOptions } from './options.ts';
import type { ReportOptions } from './report-options.ts';

/** Commands of which a log is kept: those that change something, and what a schedule does. */
const keeping: ReadonlySet<string> = new Set([
  ...['apply', 'rollback', 'retire', 'join', 'leave', 'resume', 'abort', 'upgrade', 'reboot'],
  ...['release', 'withdraw', 'unlock', 'hold', 'uninstall', 'schedule run'],
]);

/** What decides whether there is a log, and where. */
export type EventOptions = CommonOptions & {
  readonly dryRun?: boolean;
  readonly runId?: string;
  /** the folder of a schedule */
  readonly recordIn?: string;
};

export interface BegunEvents {
  readonly log: EventLog | undefined;
  /** why none is kept */
  readonly lost: readonly string[];
}

/**
 * Begins the event log of a command: the one that is kept, and what `--events` names. Throws `events-target`
 * if that can't be written; that none can be kept is no reason to stop.
 */
export async function beginEvents(
  command: string,
  options: EventOptions,
  { inventory, environment }: { readonly inventory: Inventory; readonly environment: Environment },
  tellLoss: (text: string) => void,
): Promise<BegunEvents> {
  const { events: log, secrets, variables, clock } = environment;
  const outlets: Outlet[] = [];
  const lost: string[] = [];
  if (log === undefined) return { log, lost };
  if (options.events !== undefined) outlets.push(opened(options.events, environment));
  if (keeping.has(command) && options.dryRun !== true) {
    const folder = options.recordIn ?? logsFolder(variables.XDG_STATE_HOME, home());
    try {
      const kept = await KeptLog.begin(folder, options.runId ?? newRunId(new Date(clock.now())));
      // Names of meetings are told to whoever asked for them, and kept nowhere.
      outlets.push(options.names === true ? new Nameless(kept) : kept);
    } catch (error) {
      lost.push(`no record of this run is kept in ${folder}: ${reasonOf(error)}`);
    }
  }
  if (outlets.length === 0) return { log: undefined, lost };
  const { operator, from } = operatorHere();
  const beginning = secrets.maskAll({
    ...{ version: packageVersion(), command, run: options.runId ?? null },
    inventory: cleanName(inventory.file),
    cluster: cleanName(inventory.cluster.name),
    ...{ operator: cleanName(operator), from: cleanName(from) },
  });
  log.begin(beginning, outlets, tellLoss);
  return { log, lost };
}

/** Refuses two things that would both be on standard output. */
export function refuseTwoOnStdout({ events, json, markdown }: EventOptions & ReportOptions): void {
  if (events?.kind === 'stdout' && markdown === '-') {
    throw new OperatorError({
      code: 'usage',
      message: '--markdown - and --events - would both write to standard output',
      next: 'name a file for one of them',
    });
  }
  if (events?.kind !== 'stdout' || !json) return;
  throw new OperatorError({
    code: 'usage',
    message: '--json and --events - would both write to standard output',
    next: 'leave out --json: the last event holds the same document; or name a file for --events',
  });
}

/** What `--events` names; results make room for lines that go to standard output. */
function opened(target: Target, { output }: Environment): Outlet {
  try {
    if (target.kind !== 'stdout') return openTarget(target);
    const piped = openPipedStdout();
    output.tellResultsAside();
    return (
      piped ?? {
        where: 'standard output',
        write: (line) => output.document(line),
        close: () => Promise.resolve(),
      }
    );
  } catch (error) {
    const name = target.kind === 'file' ? target.path : '--events';
    const isUnread = (error as NodeJS.ErrnoException).code === 'ENXIO';
    throw new OperatorError({
      code: 'events-target',
      message: `events can't be written to ${target.kind === 'descriptor' ? `file descriptor ${target.number}` : name}: ${isUnread ? 'nobody reads this pipe' : reasonOf(error)}`,
      next: 'start its reader first, or name another file',
    });
  }
}

/** Where event logs are, besides the folder of this account: those of its schedules, and of the system's. */
export function scheduleFolders(variables: Environment['variables']): readonly string[] {
  return [
    '/var/lib/clusterproxy-schedule',
    join(logsFolder(variables.XDG_STATE_HOME, home()), '../schedule'),
  ];
}
