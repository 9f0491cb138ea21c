import type { HostAction } from '../model/action.ts';
import type { Change } from '../model/change.ts';
import { sha256 } from '../model/change.ts';
import type { Action, Check, Guard, Handler } from '../model/handler.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { Query } from '../model/reads.ts';
import { type PathState, unitOfPath } from '../model/snapshot.ts';
import type { Transaction } from '../model/transaction.ts';
import { beginRecords, queueRecords } from './begin-records.ts';
import { programsIn, queryFields } from './own-programs.ts';
import { counted, record } from './records.ts';

/**
 * A transaction in the form that the programs on the host read: one record per line, its kind first. Changes
 * are numbered from 1 in the order in which they are swapped in; their new contents are stored beside the
 * manifest under that number.
 */
export function manifest(transaction: Transaction): string {
  const { record: who } = transaction;
  const programs = programsOf(transaction);
  const lines = [
    record('machine', transaction.machineId),
    record('cluster', clusterOf(transaction)),
    record('role', ...roleWords(transaction)),
    record('holder', `${who.operator} from ${who.from}, ${who.command}, run ${transaction.run}`),
    record('force', transaction.force ? 'yes' : 'no'),
    record('lock-wait', transaction.lockWait ?? 0),
    record('keep', transaction.keep ?? 20),
    ...leaseRecords(transaction),
    ...(transaction.confirm === 'outside' ? [record('confirm', confirmTimeout(transaction))] : []),
    ...beginRecords(transaction),
    ...queueRecords(transaction, [timeLimit(transaction), revertLimit(transaction)]),
    ...transaction.actions.flatMap((action, index) => actionRecords(action, index + 1, programs)),
    ...transaction.changes.map((change, index) => changeRecord(change, index + 1, transaction.host)),
    ...transaction.changes.flatMap(({ folderOf = [] }, index) =>
      folderOf.length === 0 ? [] : [record('folder-of', index + 1, ...folderOf)],
    ),
    ...transaction.changes.flatMap(({ secret }, index) =>
      secret === undefined ? [] : [record('secret', index + 1)],
    ),
    ...transaction.changes.flatMap(({ guards = [] }, index) =>
      guardRecords('unit-guard', { of: index + 1, guards, programs }),
    ),
    ...transaction.handlers.flatMap((handler) => handlerRecords(handler, programs)),
    ...guardWords(transaction),
    ...transaction.units.map((unit) => record('unit', unit)),
  ];
  return `${lines.join('\n')}\n`;
}

function leaseRecords({ lease, record: who }: Transaction): readonly string[] {
  if (lease === undefined) return [];
  const { run, mode, seconds, process } = lease;
  return [record('lease', run, mode, seconds, who.operator, who.from, who.command, process)];
}

/** The host's role in its cluster, and whether it may serve other clusters as well: `shared` or `alone`. */
export function roleWords({ role }: Transaction): readonly [string, 'shared' | 'alone'] {
  return [role?.name ?? 'host', role?.shared ? 'shared' : 'alone'];
}

/** The name is also that of a folder on the host. */
function clusterOf({ cluster }: Transaction): string {
  if (/^[a-z0-9][a-z0-9._-]*$/.test(cluster)) return cluster;
  throw new Error(`${JSON.stringify(cluster)} is not a valid cluster name`);
}

/** What the time limits of a transaction depend on. */
export type Limited = Pick<Transaction, 'actions' | 'changes' | 'handlers' | 'units'> &
  Partial<Pick<Transaction, 'confirm' | 'confirmTimeout' | 'lockWait'>>;

/**
 * How long the host may work on it before the run is ended and reverted: the sum of all time limits. Seconds.
 */
export function timeLimit(transaction: Limited): number {
  const handlers = transaction.handlers.reduce((sum, handler) => sum + handler.timeout + 30, 0);
  const validations = new Set(transaction.handlers.map((handler) => handler.validate?.join(' '))).size;
  const settle = Math.max(0, ...transaction.handlers.map((handler) => handler.settle));
  const actions = transaction.actions.reduce((sum, action) => sum + action.timeout + 90, 0);
  const units = 300 * transaction.changes.filter(({ kind }) => kind === 'unit').length;
  const waiting =
    (transaction.lockWait ?? 0) +
    (installs(transaction) ? packageManagerWait : 0) +
    (transaction.confirm === 'outside' ? confirmTimeout(transaction) : 0);
  return (
    120 +
    transaction.changes.length +
    70 * validations +
    3 * guardTime(transaction) +
    handlers +
    settle +
    actions +
    units +
    waiting
  );
}

/**
 * How long the host may take to restore everything: a handler is tried twice and waited for, and a unit gets
 * a minute to start. Seconds.
 */
export function revertLimit(transaction: Limited): number {
  const handlers = transaction.handlers.reduce((sum, handler) => sum + 3 * handler.timeout + 30, 0);
  const units = 300 * transaction.changes.filter(({ kind }) => kind === 'unit').length;
  return (
    240 +
    transaction.changes.length +
    2 * guardTime(transaction) +
    handlers +
    units +
    60 * transaction.units.length
  );
}

/**
 * How long a run that installs packages waits for the package manager (src/host/remote/prepare.sh). Seconds.
 */
const packageManagerWait = 600;

function installs({ actions }: Limited): boolean {
  return actions.some(({ run }) => run.kind === 'script' || run.kind.endsWith('-packages'));
}

function confirmTimeout(transaction: Limited): number {
  return transaction.confirmTimeout ?? 120;
}

function guardTime({ actions, changes, handlers }: Guarded): number {
  return 12 * guardsOf({ actions, changes, handlers }).length;
}

type Guarded = Pick<Transaction, 'actions' | 'changes' | 'handlers'>;

function guardsOf({ actions, changes, handlers }: Guarded): readonly Guard[] {
  return [...actions, ...changes, ...handlers].flatMap((one) => one.guards ?? []);
}

/** The programs of the playbook that a transaction asks, in the order of their files on the host. */
export function programsOf(transaction: Guarded): readonly string[] {
  const queries: readonly Query[] = [
    ...transaction.actions.flatMap(({ unless }) => unless ?? []),
    ...guardsOf(transaction).map(({ query }) => query),
  ];
  return programsIn(queries);
}

/** Who is there, in the playbook's words, for each guard that has some. */
function guardWords(transaction: Guarded): readonly string[] {
  const words = new Map(guardsOf(transaction).map(({ id, description = '' }) => [id, description] as const));
  return [...words].flatMap(([id, description]) => {
    const line = description.replace(/\s+/g, ' ').trim();
    return line === '' ? [] : [record('guard-words', id, line)];
  });
}

function actionRecords(
  { name, run, unless, timeout, guards = [] }: HostAction,
  number: number,
  programs: readonly string[],
): readonly string[] {
  return [
    ...guardRecords('act-guard', { of: number, guards, programs }),
    record('act', number, name, run.kind, timeout, ...counted(programArguments(run))),
    ...(unless === undefined ? [] : [record('act-unless', number, ...queryFields(unless, programs))]),
  ];
}

function programArguments(run: HostAction['run']): readonly string[] {
  switch (run.kind) {
    case 'install-packages':
    case 'remove-packages':
      return [run.manager, ...run.names];
    case 'command':
      return run.argv;
    case 'script':
      return run.args;
    case 'upgrade-packages':
      return [run.manager, run.conffiles, ...run.names];
    case 'reboot':
      return [];
    case 'certbot':
      return [String(run.port ?? ''), run.name, ...run.argv];
    case 'unpack': {
      const { source, sha256: sum, directory, strip, user, group, marker, mark } = run;
      const from = source.kind === 'url' ? source.url : source.kind === 'host' ? source.path : '';
      return [source.kind, from, sum, directory, String(strip), user, group, marker, mark];
    }
  }
}

function changeRecord(change: Change, number: number, host: string): string {
  const { before, after, path } = change;
  const unit = unitOfPath(path);
  if (unit !== undefined && before.kind === 'unit' && after.kind === 'unit') {
    const states = [before, after].flatMap(({ enabled, active }) => [enabled || 'disabled', active]);
    return record('unit-state', number, unit, ...states);
  }
  if (!possible(before, after)) {
    throw new OperatorError({
      code: 'unsupported-change',
      message: `${path} can't be changed from ${before.kind} to ${after.kind}`,
      next: 'move the existing one away by hand',
      host,
      step: change.steps[0],
    });
  }
  return record('change', number, path, ...stateFields(before), ...stateFields(after), '.');
}

/**
 * Files and links can replace each other; a directory can only be created, removed, or change its mode and
 * owner.
 */
function possible(before: PathState, after: PathState): boolean {
  const kinds = [before.kind, after.kind];
  if (kinds.some((kind) => ['unreadable', 'pending', 'unit'].includes(kind))) return false;
  return !kinds.includes('directory') || kinds.every((kind) => kind === 'directory' || kind === 'absent');
}

/** Kind, sha256, mode, user, group, target: the output of `look` in transaction.sh. */
function stateFields(state: PathState): readonly string[] {
  switch (state.kind) {
    case 'file':
      return ['file', sha256(state.content), state.mode.toString(8), state.user, state.group, ''];
    case 'directory':
      return ['directory', '', state.mode.toString(8), state.user, state.group, ''];
    case 'symlink':
      return ['symlink', '', '', '', '', state.target];
    default:
      return [state.kind, '', '', '', '', ''];
  }
}

function handlerRecords(handler: Handler, programs: readonly string[]): readonly string[] {
  const id = handler.id;
  if (!/^[A-Za-z0-9][A-Za-z0-9_@:-]*$/.test(id)) {
    throw new OperatorError({
      code: 'handler-id',
      message: `${JSON.stringify(id)} is not a valid handler id`,
      next: 'use letters, digits, - and _',
    });
  }
  return [
    record('handler', id, handler.timeout, handler.settle),
    ...(handler.validate === undefined ? [] : [record('validate', id, ...counted(handler.validate))]),
    ...handler.actions.map((action) =>
      record('action', id, action.kind, ...counted(actionArguments(action))),
    ),
    ...handler.checks.map((check) => record('check', id, check.kind, ...counted(checkArguments(check)))),
    ...guardRecords('guard', { of: id, guards: handler.guards, programs }),
    ...handler.rewrites.map((path) => record('rewrites', id, path)),
  ];
}

function guardRecords(
  kind: string,
  asked: {
    readonly of: string | number;
    readonly guards: readonly Guard[];
    readonly programs: readonly string[];
  },
): readonly string[] {
  const { of, guards, programs } = asked;
  return guards.map(({ id, query }) => record(kind, of, id, ...queryFields(query, programs)));
}

function actionArguments(action: Action): readonly string[] {
  if (action.kind === 'daemon-reload') return [];
  return action.kind === 'command' ? action.argv : [action.unit];
}

function checkArguments(check: Check): readonly string[] {
  switch (check.kind) {
    case 'active':
      return [check.unit];
    case 'port':
      return [String(check.port)];
    case 'nginx-workers':
    case 'haproxy-workers':
      return [];
    case 'http':
      return [check.url, String(check.headers.length), ...check.headers, ...check.contains];
    case 'browse': {
      const { host, verified, url, headers, contains } = check;
      return [host, verified ? 'verified' : 'any', url, String(headers.length), ...headers, ...contains];
    }
  }
}
