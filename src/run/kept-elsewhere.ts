import type { Inventory } from '../inventory/inventory.ts';
import { differs, type HostPlan } from '../model/plan.ts';
import { listed } from '../verify/listed.ts';
import { doorRoles } from './doors.ts';

/**
 * Of hosts that leave while others that relay to them can't be changed: a warning for each of those, which
 * keep what they have. Nobody who leaves waits for them, as they may never come back.
 */
export function keptElsewhereWarnings(inventory: Inventory, plans: readonly HostPlan[]): readonly string[] {
  const doors = doorRoles(inventory);
  const leaving = plans.filter(
    (plan) =>
      plan.retires && !plan.skipped && plan.problem === undefined && !doors.has(plan.role) && differs(plan),
  );
  if (leaving.length === 0) return [];
  const names = listed(leaving.map(({ host }) => host));
  const leave = leaving.length === 1 ? 'leaves' : 'leave';
  const stuck = plans.filter(
    (plan) => doors.has(plan.role) && !plan.skipped && !plan.retires && plan.problem !== undefined,
  );
  return stuck.map(({ host, unreachable, problem }) => {
    const why = unreachable ? "can't be reached" : `can't be changed (${problem?.code})`;
    const gone = unreachable ? `; if it is gone for good, remove it from ${inventory.file}` : '';
    return `${host} ${why}, so it keeps what it has for ${names}, which ${leave} nevertheless; once that is mended, run the command again${gone}`;
  });
}
