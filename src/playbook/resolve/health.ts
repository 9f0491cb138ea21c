import { queryKey, type Snapshot } from '../../model/snapshot.ts';
import type { ResolvedHealthCheck } from './handlers.ts';

/** What isn't well on a host before anything is changed there; each is a warning of the plan. */
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
