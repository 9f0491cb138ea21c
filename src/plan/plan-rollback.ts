import { sameState } from '../model/change.ts';
import type { Handler } from '../model/handler.ts';
import type { Ledger } from '../model/ledger.ts';
import type { Problem } from '../model/operator-error.ts';
import type { HostPlan } from '../model/plan.ts';
import type { PathState, Snapshot } from '../model/snapshot.ts';
import { StepHost } from '../model/step-host.ts';
import type { RunRecord } from '../model/transaction.ts';
import { VirtualHost } from '../model/virtual-host.ts';
import { changesOf } from './changes.ts';
import { itemHash, itemValue } from './items.ts';
import { stateFingerprint } from './record.ts';
import { traceOf } from './run-steps.ts';

/** What a run left on a host so that it can be undone. */
export interface RecordedRun {
  readonly record: RunRecord;
  /** each path that the run changed, as it was before */
  readonly originals: ReadonlyMap<string, PathState>;
}

/** The part of a host's plan that undoing a run decides. */
export type RollbackPlan = Pick<HostPlan, 'changes' | 'handlers' | 'problem' | 'warnings' | 'ledger'>;

const step = 'rollback';

/**
 * Give back what a run changed on a host. A path that no longer is as the run left it is a conflict: nothing is changed
 * on this host, unless `force` says that the original wins.
 */
export function planHostRollback(
  snapshot: Snapshot,
  run: RecordedRun,
  options: { readonly force: boolean },
): RollbackPlan {
  const host = new VirtualHost(snapshot);
  const view = new StepHost(host, step);
  const conflicts: string[] = [];
  for (const change of run.record.changes) {
    const now = snapshot.paths.get(change.path) ?? ({ kind: 'absent' } as const);
    const original = run.originals.get(change.path) ?? ({ kind: 'absent' } as const);
    if (sameState(now, original)) continue;
    if (stateFingerprint(now) !== change.after && !options.force) conflicts.push(change.path);
    else view.restore(change.path, original);
  }
  const changes = changesOf(host, [traceOf(view, [])]);
  return {
    changes: conflicts.length > 0 ? [] : changes,
    handlers: conflicts.length > 0 || changes.length === 0 ? [] : run.record.handlers.map(planned),
    problem: conflicts.length > 0 ? conflict(snapshot.host, run.record.run, conflicts) : undefined,
    warnings: [],
    ledger: ledgerAfter(host),
  };
}

/** The latest run that changed something and was not undone; runs are ids that sort by time. */
export function latestRun(records: readonly RunRecord[]): string | undefined {
  const undone = new Set(records.flatMap((record) => record.undoes ?? []));
  return records
    .filter((record) => record.undoes === undefined && !undone.has(record.run))
    .map((record) => record.run)
    .sort()
    .at(-1);
}

/** The run's handlers run again; what they had to answer was true of the planned values only. */
function planned(handler: Handler) {
  const checks = handler.checks.map((check) => (check.kind === 'http' ? { ...check, contains: [] } : check));
  return { handler: { ...handler, checks }, because: [step] };
}

/** Things that have their first-touch value again are no longer ours. */
function ledgerAfter(host: VirtualHost): Ledger | undefined {
  const ledger = host.snapshot.ledger;
  if (ledger === undefined) return undefined;
  const stateOf = (path: string): PathState =>
    host.snapshot.paths.has(path) ? host.state(path) : { kind: 'absent' };
  const items = ledger.items.flatMap((item) => {
    const value = itemHash(itemValue(item, stateOf(item.path)));
    return value === itemHash(item.first) ? [] : [{ ...item, activated: value }];
  });
  const created = ledger.created.filter((path) => items.some((item) => item.path === path));
  return { ...ledger, items, created };
}

function conflict(host: string, run: string, paths: readonly string[]): Problem {
  return {
    code: 'conflict',
    message: `since run ${run}, somebody else has changed ${paths.join(', ')}; nothing was given back on this host`,
    next: 'look at these files; --force gives back the originals and loses what was changed since',
    host,
    step,
  };
}
