import type { Change } from './change.ts';
import { interruptsPeople } from './handler.ts';
import type { Stage } from './plan.ts';
import type { PathState } from './snapshot.ts';

/**
 * Whether people may be cut off while a stage is carried out: by a handler, by an action (a package restarts
 * what it upgrades), or by a unit that stops. Files and reloads cut nobody off.
 */
export function stageInterrupts({ actions, changes, handlers }: Stage): boolean {
  return (
    actions.length > 0 || changes.some(stops) || handlers.some(({ handler }) => interruptsPeople(handler))
  );
}

/** Whether a change ends a unit that runs. */
export function stops({ before, after }: Pick<Change, 'before' | 'after'>): boolean {
  return isActive(before) && !isActive(after);
}

function isActive(state: PathState): boolean {
  return state.kind === 'unit' && state.active === 'active';
}
