import { queryKey } from '../../model/reads.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { ResolvedHealthCheck } from './handlers.ts';

/** What isn't healthy on a host before anything is changed there; each is a warning in the plan. */
export function healthWarnings(
  checks: readonly ResolvedHealthCheck[],
  snapshot: Snapshot,
): readonly string[] {
  return checks.flatMap((check) => {
    if (check.kind === 'units') {
      return check.units.flatMap((name) => {
        const unit = snapshot.units.get(name);
        const isDown = unit?.load === 'loaded' && unit.active !== 'active';
        return isDown ? [`${name} is ${unit.active} (${unit.sub}) before anything was changed`] : [];
      });
    }
    const status = snapshot.answers.get(queryKey(check.query))?.status;
    return status === 0 ? [] : [`${check.query.args[0]} doesn't answer before anything was changed`];
  });
}

/** Exit status if curl(1) and wget(1) are missing, so that nothing is known. */
const nobodyToAsk = 127;

/** Why a host serves nobody, in a few words; undefined if its health checks found nothing. */
export function downWords(checks: readonly ResolvedHealthCheck[], snapshot: Snapshot): string | undefined {
  for (const check of checks) {
    if (check.kind === 'units') {
      for (const name of check.units) {
        const unit = snapshot.units.get(name);
        if (unit?.load === 'loaded' && unit.active !== 'active') return `${name} is ${unit.active}`;
      }
      continue;
    }
    const status = snapshot.answers.get(queryKey(check.query))?.status ?? 0;
    if (status !== 0 && status !== nobodyToAsk) return `${check.query.args[0]} doesn't answer`;
  }
  return undefined;
}
