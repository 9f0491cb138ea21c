import type { Handler } from '../../model/handler.ts';
import type { PlannedHandler } from '../../model/plan.ts';
import { type Snapshot, stateIn } from '../../model/snapshot.ts';
import type { Managed } from '../../virtual/managed.ts';
import type { VirtualHost } from '../../virtual/virtual-host.ts';
import { isItemHash, itemId, itemName, itemValue } from '../items.ts';
import type { Evaluation, StageEvaluation } from './evaluate.ts';
import { leftIds, type StepTrace } from './run-steps.ts';

/**
 * Handlers that are owed although no step changes anything: what a service must load is as planned, but
 * somebody else made it so, and the service was started before that. Or the host itself says so, after a run
 * or a revert that left services alone. See `owed` of a snapshot for the rule.
 */
export function owedRestarts(
  { wanted, stages }: Evaluation,
  stage: StageEvaluation,
): readonly PlannedHandler[] {
  // What the host itself reports belongs to no step, so it is done after everything else.
  const told = new Set(stage === stages.at(-1) ? (stage.host.snapshot.owed ?? []) : []);
  return wanted.handlers.flatMap((handler): readonly PlannedHandler[] => {
    const steps = stage.traces.filter((trace) => trace.notify.includes(handler.id));
    const stale = steps.flatMap((trace) => staleIn(trace, handler, stage.host));
    const [first] = stale;
    if (first !== undefined) {
      const because = [...new Set(stale.map(({ step }) => step))];
      return [{ handler, because, owed: `${first.name} was changed after ${first.unit} was started` }];
    }
    // A unit that isn't running can't be running with old files.
    if (!told.has(handler.id) || isDown(handler, stage.host.snapshot)) return [];
    return [{ handler, because: [], owed: 'an earlier run left it out because people were there' }];
  });
}

/**
 * Handlers that the host says are owed but that this plan doesn't have: an operator has to run them by hand.
 */
export function unknownOwed({ host, wanted }: Evaluation): readonly string[] {
  const known = new Set(wanted.handlers.map(({ id }) => id));
  return (host.snapshot.owed ?? [])
    .filter((id) => !known.has(id))
    .map(
      (id) =>
        `an earlier run left services alone because people were there; do by hand what ${id} did, since the playbook has no such handler for this host`,
    );
}

interface Stale {
  readonly step: string;
  readonly name: string;
  readonly unit: string;
}

function staleIn(trace: StepTrace, handler: Handler, host: VirtualHost): readonly Stale[] {
  const left = leftIds([trace]);
  return trace.managed.flatMap((item) => {
    if (left.has(itemId(item))) return [];
    const unit = unitsOf(handler).find((name) => runsSinceBefore(host.snapshot, name, item.path));
    return unit === undefined || isTakenUp(item, host)
      ? []
      : [{ step: trace.step, name: itemName(item), unit }];
  });
}

/** Whether the item is as it was when a run last made its services load it. */
function isTakenUp(item: Managed, { snapshot, formats }: VirtualHost): boolean {
  const known = snapshot.ledger?.items.find((one) => itemId(one) === itemId(item));
  const now = stateIn(snapshot, item.path) ?? ({ kind: 'absent' } as const);
  return known !== undefined && isItemHash(known.activated, item, itemValue(item, now, formats));
}

function runsSinceBefore(snapshot: Snapshot, unit: string, path: string): boolean {
  const startedAt = snapshot.units.get(unit)?.startedAt;
  const changedAt = snapshot.changedAt?.get(path);
  return startedAt !== undefined && changedAt !== undefined && startedAt <= changedAt;
}

function isDown(handler: Handler, snapshot: Snapshot): boolean {
  const units = unitsOf(handler).map((unit) => snapshot.units.get(unit)?.active);
  return units.length > 0 && units.every((active) => active === 'inactive' || active === 'failed');
}

/** The units that a handler restarts or reloads; for one that runs a command, the units that it checks. */
function unitsOf({ actions, checks }: Handler): readonly string[] {
  const units = actions.flatMap((action) => ('unit' in action ? [action.unit] : []));
  if (units.length > 0) return units;
  return checks.flatMap((check) => (check.kind === 'active' ? [check.unit] : []));
}
