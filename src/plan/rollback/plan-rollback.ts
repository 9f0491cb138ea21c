import { type Change, changeBetween } from '../../model/change.ts';
import type { Handler } from '../../model/handler.ts';
import type { Ledger } from '../../model/ledger.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { HostPlan, PlannedHandler, Stage } from '../../model/plan.ts';
import { type PathState, type Snapshot, stateIn } from '../../model/snapshot.ts';
import type { RunRecord } from '../../model/transaction.ts';
import { SecretRegister } from '../../secrets/register.ts';
import { builtInItemFormats } from '../../steps/item-formats.ts';
import { type ItemFormats, wholePath } from '../../virtual/managed.ts';
import { StepHost } from '../../virtual/step-host.ts';
import { holdsAnything, VirtualHost } from '../../virtual/virtual-host.ts';
import { changesOf } from '../forward/changes.ts';
import { concealChanges, type KnownItem } from '../forward/conceal.ts';
import { fitHandlers, withStopGuards } from '../forward/handler-units.ts';
import { notReplaceable } from '../forward/not-replaceable.ts';
import { notRoots } from '../forward/not-roots.ts';
import { traceOf } from '../forward/run-steps.ts';
import { accountsFor, isFirstTouch, itemHash, itemId, itemValue, secretItemHash } from '../items.ts';
import { isSlowHash } from '../slow-hash.ts';
import { lostLocations, lostWords } from './lost-locations.ts';
import { undoChange } from './undo-change.ts';

/** What a run stored on a host so that it can be undone. */
export interface RecordedRun {
  readonly record: RunRecord;
  /** each path that the run changed, as it was before */
  readonly originals: ReadonlyMap<string, PathState>;
}

/** The part of a host's plan that is determined by undoing a run. */
export type RollbackPlan = Pick<HostPlan, 'problem' | 'warnings' | 'drops'> &
  Pick<Stage, 'changes' | 'handlers' | 'ledger'>;

const step = 'rollback';
const absent: PathState = { kind: 'absent' };

/**
 * Restore what the stages of a run changed on a host; `stages` is in the order in which they were carried
 * out. Keys and blocks that the run set get their former values, and what others have edited in the same
 * files since then stays. If the two can't be told apart, that is a conflict: nothing is changed on this
 * host, unless `force` says that the originals win.
 */
export function planHostRollback(
  snapshot: Snapshot,
  stages: readonly RecordedRun[],
  options: {
    readonly force: boolean;
    readonly secrets?: SecretRegister | undefined;
    /** formats for reading the things that the run set; undefined: those of the built-in steps */
    readonly formats?: ItemFormats | undefined;
  },
): RollbackPlan {
  const host = new VirtualHost(snapshot, { formats: options.formats ?? builtInItemFormats });
  const view = new StepHost(host, step);
  const latestFirst = [...stages].reverse();
  const conceal = (changes: readonly Change[]) =>
    concealChanges(changes, knownItems(stages), {
      secrets: options.secrets ?? new SecretRegister(),
      formats: host.formats,
    });
  const conflicts = latestFirst.flatMap((run) => undo(host, view, run, conceal));
  const recordedHandlers = latestFirst.flatMap(({ record }) => record.handlers);
  const items = [...(snapshot.ledger?.items ?? []), ...stages.flatMap(({ record }) => record.letGo ?? [])];
  const undone = withStopGuards(conceal(changesOf(host, [traceOf(view, [])])), recordedHandlers);
  const changes = undone.map((change) => {
    const folderOf = accountsFor(change.path, items);
    return folderOf.length === 0 ? change : { ...change, folderOf };
  });
  if (conflicts.length > 0 && !options.force) {
    const run = stages[0]?.record.run ?? '';
    const problem = conflict(snapshot.host, run, conflicts);
    return { changes: [], handlers: [], problem, warnings: [], ledger: snapshot.ledger };
  }
  const fitted = fitHandlers(changes.length === 0 ? owedOf(latestFirst, snapshot) : handlersOf(latestFirst), {
    snapshot,
    changes,
    managed: new Set(),
    givesBack: () => true,
  });
  const states = (at: string) => ({ before: stateIn(snapshot, at) ?? absent, after: stateAt(host, at) });
  const set = latestFirst.flatMap(({ record }) => record.items ?? []);
  const lost = lostWords(lostLocations(set, states, host.formats));
  return {
    changes,
    ...(lost === '' ? {} : { drops: [lost] }),
    handlers: fitted.handlers,
    problem: fitted.problem ?? notRoots(snapshot, { changes }) ?? notReplaceable(snapshot, { changes }),
    warnings: [
      ...fitted.warnings,
      ...(lost === '' ? [] : [`${lost} are removed: people whose page was loaded through them are cut off`]),
    ],
    ledger: latestFirst.reduce((ledger, run) => ledgerAfter(ledger, host, run), snapshot.ledger),
  };
}

interface Conflict {
  readonly what: readonly string[];
  /** what restoring the originals would change in the current files */
  readonly changes: readonly Change[];
}

/**
 * What the run set; for a file that contained a secret and about which nothing more is known, the whole file.
 */
function knownItems(stages: readonly RecordedRun[]): readonly KnownItem[] {
  return stages.flatMap(({ record }) => {
    const items = record.items ?? [];
    const whole = record.changes.filter(
      ({ path, secret }) => secret && !items.some((item) => item.path === path && isSlowHash(item.after)),
    );
    return [
      ...items.map((item) => ({ ...item, wasSecret: isSlowHash(item.before) || isSlowHash(item.after) })),
      ...whole.map(({ path }) => ({ ...wholePath(path), wasSecret: true })),
    ];
  });
}

function undo(
  host: VirtualHost,
  view: StepHost,
  { record, originals }: RecordedRun,
  conceal: (changes: readonly Change[]) => readonly Change[],
): readonly Conflict[] {
  // What was put in place last is undone first; directories are emptied before they are removed.
  return [...record.changes].reverse().flatMap((change) => {
    const now = stateAt(host, change.path);
    const original = originals.get(change.path) ?? absent;
    const undone = undoChange({ change, original, now, items: record.items ?? [], formats: host.formats });
    const difference = changeBetween(change.path, now, undone.state, []);
    if (difference === undefined) return [];
    if (!(undone.state.kind === 'absent' && holdsAnything(host, change.path))) {
      view.restore(change.path, undone.state);
    }
    return undone.conflicts.length === 0 ? [] : [{ what: undone.conflicts, changes: conceal([difference]) }];
  });
}

function stateAt(host: VirtualHost, path: string): PathState {
  return host.touched.includes(path) || stateIn(host.snapshot, path) !== undefined
    ? host.state(path)
    : absent;
}

/**
 * The latest run that has not been undone on all the hosts that it changed, by its id without stages. So
 * repeating the command finishes a rollback that deferred a host or left restarts for later, instead of
 * undoing an older run. `order`: ids of runs, oldest first; `owing`: whether a host still owes restarts after
 * a run was undone there.
 */
export function latestRun(
  records: readonly RunRecord[],
  order: readonly string[],
  owing: (host: string, run: string) => boolean = () => false,
): string | undefined {
  const undone = new Set(
    records.flatMap(({ host, undoes }) =>
      undoes === undefined || owing(host, undoes) ? [] : [`${host} ${undoes}`],
    ),
  );
  const left = new Set(
    records
      .filter(({ host, run, undoes }) => undoes === undefined && !undone.has(`${host} ${baseRun(run)}`))
      .filter((record) => !isReboot(record))
      .map(({ run }) => baseRun(run)),
  );
  return order.findLast((run) => left.has(run));
}

/** There is nothing to undo in it. */
function isReboot({ actions = [] }: RunRecord): boolean {
  return actions.length > 0 && actions.every(({ kind }) => kind === 'reboot');
}

/**
 * The run that a stage belongs to: `20261121T074501Z-4f2a9c-2` is the second stage of
 * `20261121T074501Z-4f2a9c`. No run's own id ends like that, whoever gave it (isRunId in
 * src/run/again/identity.ts).
 */
export function baseRun(run: string): string {
  return /^(.+)-\d$/.exec(run)?.[1] ?? run;
}

/**
 * The runs' handlers run again, each once; the answers expected from them held only for the planned values.
 */
function handlersOf(runs: readonly RecordedRun[]): readonly PlannedHandler[] {
  const handlers = new Map<string, Handler>();
  for (const { record } of runs) for (const handler of record.handlers) handlers.set(handler.id, handler);
  return [...handlers.values()].map((handler) => ({ handler: withoutContents(handler), because: [step] }));
}

/** Those that an earlier attempt to undo the runs left out, with the files restored by now. */
function owedOf(runs: readonly RecordedRun[], { owed = [] }: Snapshot): readonly PlannedHandler[] {
  return handlersOf(runs)
    .filter(({ handler }) => owed.includes(handler.id))
    .map((planned) => ({ ...planned, owed: 'an earlier run left it out because people were there' }));
}

/**
 * A handler without the answers that it expects for the planned values. What was asked as a browser would
 * need not be there any more.
 */
export function withoutContents(handler: Handler): Handler {
  const checks = handler.checks
    .filter(({ kind }) => kind !== 'browse')
    .map((check) => (check.kind === 'http' ? { ...check, contains: [] } : check));
  return { ...handler, checks };
}

/**
 * Things that have their first-touch value again are no longer managed; what the run stopped managing is
 * managed again.
 */
function ledgerAfter(ledger: Ledger | undefined, host: VirtualHost, run: RecordedRun): Ledger | undefined {
  if (ledger === undefined) return undefined;
  const set = new Map((run.record.items ?? []).map((item) => [itemId(item), item] as const));
  const known = new Set(ledger.items.map(itemId));
  const back = (run.record.letGo ?? []).filter((item) => !known.has(itemId(item)));
  const items = [...ledger.items, ...back].flatMap((item) => {
    const recorded = set.get(itemId(item));
    if (recorded === undefined) return [item];
    const value = itemValue(item, stateAt(host, item.path), host.formats);
    if (isFirstTouch(item, item.first, value)) return [];
    const activated = isSlowHash(item.activated) ? secretItemHash(item, value) : itemHash(value);
    const { lines: _, ...rest } = item;
    return [{ ...rest, activated, ...(recorded.lines === undefined ? {} : { lines: recorded.lines }) }];
  });
  const gone = new Set(host.touched.filter((path) => host.state(path).kind === 'absent'));
  const madeAgain = (run.record.letGoCreated ?? []).filter((path) => stateAt(host, path).kind !== 'absent');
  const created = [...new Set([...madeAgain, ...ledger.created])].filter((path) => !gone.has(path));
  return { ...ledger, items, created };
}

function conflict(host: string, run: string, conflicts: readonly Conflict[]): Problem {
  const what = [...new Set(conflicts.flatMap((one) => one.what))];
  return {
    code: 'conflict',
    message: `since run ${run}, somebody else has changed ${what.join(', ')}; nothing was restored on this host`,
    detail: 'what --force would change:\n',
    changes: conflicts.flatMap(({ changes }) => changes),
    next: 'check each of them; --force restores what was there before the run and discards what was changed since',
    host,
    step,
  };
}
