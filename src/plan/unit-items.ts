import type { FirstTouch } from '../model/ledger.ts';
import type { PathState } from '../model/snapshot.ts';
import type { Managed } from '../virtual/managed.ts';

type UnitItem = Pick<Managed, 'format' | 'key'>;
export type Unit = Extract<PathState, { kind: 'unit' }>;

/** The value of that aspect of the unit. */
export function unitValue({ key: [aspect] }: UnitItem, state: PathState): FirstTouch {
  if (state.kind !== 'unit') return { kind: 'absent' };
  return { kind: 'value', value: aspect === 'enabled' ? state.enabled : state.active };
}

/** The unit with that aspect restored to an earlier value. */
export function restoredUnit({ key: [aspect] }: UnitItem, unit: Unit, was: FirstTouch): Unit {
  if (was.kind !== 'value') return unit;
  const value = String(was.value);
  return aspect === 'enabled' ? { ...unit, enabled: value } : { ...unit, active: value };
}
