import type { PathState } from '../model/snapshot.ts';

/** The wanted state of a unit; what is left out stays as it is. */
export interface WantedUnit {
  readonly enabled?: boolean | undefined;
  readonly active?: boolean | undefined;
  /** true: nobody can start it, and it isn't enabled */
  readonly masked?: boolean | undefined;
}

/**
 * A unit's state after applying what is wanted; a unit that an action brings counts as enabled and running.
 */
export function unitWith(
  wanted: WantedUnit,
  known: Extract<PathState, { kind: 'unit' }> | undefined,
): PathState {
  return {
    kind: 'unit',
    enabled: enabledWith(wanted, known?.enabled),
    active: activeWith(wanted, known?.active),
  };
}

function enabledWith({ enabled, masked }: WantedUnit, known = 'enabled'): string {
  if (masked) return 'masked';
  if (enabled === undefined) return known;
  return enabled ? 'enabled' : 'disabled';
}

function activeWith({ active }: WantedUnit, known = 'active'): string {
  if (active === undefined) return known;
  return active ? 'active' : 'inactive';
}
