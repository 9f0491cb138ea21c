import { interruptsPeople } from './handler.ts';
import type { Stage } from './plan.ts';
import type { PathState } from './snapshot.ts';

/**
 * Whether people may be cut off while a stage is carried out: by a handler, by an action (a package restarts
 * what it upgrades), or by a unit that stops. Files and reloads cut nobody off.
 */
export function stageInterrupts({ actions, changes, handlers }: Stage): boolean {
  return (
    actions.length > 0 ||
    changes.some(({ before, after }) => isActive(before) && !isActive(after)) ||
    handlers.some(({ handler }) => interruptsPeople(handler))
  );
}

function isActive(state: PathState): boolean {
  return state.kind === 'unit' && state.active === 'active';
}
