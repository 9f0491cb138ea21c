import { queryKey } from '../../model/reads.ts';
import type { Snapshot, UnitState } from '../../model/snapshot.ts';
import type { ResolvedHealthCheck } from './handlers.ts';

/** What isn't healthy on a host before anything is changed there; each is a warning in the plan. */
export function healthWarnings(
  checks: readonly ResolvedHealthCheck[],
  snapshot: Snapshot,
): readonly string[] {
  return checks.flatMap((check) => {
    if (check.kind === 'units') {
      return downUnits(check, snapshot).map(
        ({ name, unit }) => `${name} is ${unit.active} (${unit.sub}) before anything was changed`,
      );
    }
    const status = snapshot.answers.get(queryKey(check.query))?.status;
    return status === 0 ? [] : [`${check.query.args[0]} doesn't answer before anything was changed`];
  });
}

/**
 * The units that should run and don't. Where it isn't known whether a check is for this host, a unit that
 * somebody has disabled isn't missed: another one does its work.
 */
function downUnits(
  { units, uncertain }: Extract<ResolvedHealthCheck, { kind: 'units' }>,
  snapshot: Snapshot,
): readonly { readonly name: string; readonly unit: UnitState }[] {
  return units.flatMap((name) => {
    const unit = snapshot.units.get(name);
    if (unit?.load !== 'loaded' || unit.active === 'active') return [];
    return uncertain && unit.enabled === 'disabled' ? [] : [{ name, unit }];
  });
}

/** Exit status if curl(1) and wget(1) are missing, so that nothing is known. */
const nobodyToAsk = 127;

/** Why a host serves nobody, in a few words; undefined if its health checks found nothing. */
export function downWords(checks: readonly ResolvedHealthCheck[], snapshot: Snapshot): string | undefined {
  for (const check of checks) {
    if (check.kind === 'units') {
      const [first] = downUnits(check, snapshot);
      if (first !== undefined) return `${first.name} is ${first.unit.active}`;
      continue;
    }
    const status = snapshot.answers.get(queryKey(check.query))?.status ?? 0;
    if (status !== 0 && status !== nobodyToAsk) return `${check.query.args[0]} doesn't answer`;
  }
  return undefined;
}
