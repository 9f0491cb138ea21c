import type { Inventory, InventoryHost } from '../../inventory/inventory.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { HostPlan } from '../../model/plan.ts';
import { drainsOf } from '../../playbook/resolve/drains.ts';
import type { ApplyOptions } from '../options.ts';
import { hasGuards } from './ask-guards.ts';
import { handsOver } from './hands-over.ts';
import { policyOf } from './policy.ts';

/** Why hosts can't be drained, before anything is done; undefined if all can that have to be. */
export function drainRefusal(
  plans: readonly HostPlan[],
  options: Pick<ApplyOptions, 'inventory' | 'whenBusy'>,
): Problem | undefined {
  const roles = new Set(
    plans
      .filter((plan) => !plan.skipped && !plan.retires && hasGuards(plan))
      .filter((plan) => policyOf(plan.role, options) === 'drain' && !handsOver(plan, options))
      .map(({ role }) => role),
  );
  for (const name of roles) {
    const { drains, missing } = drainsIn(options.inventory, name);
    if (drains.length > 0 && missing === undefined) continue;
    return {
      code: 'no-drain',
      message:
        drains.length === 0
          ? `hosts of the role ${name} can't be drained: the playbook doesn't say how new people are kept away from them`
          : `hosts of the role ${name} can't be drained: the inventory has no host of the role ${missing}, which tells the balancer to send no more people there`,
      next:
        drains.length === 0
          ? 'wait for people to leave instead: --when-busy wait'
          : `add that host to the inventory below hosts.${missing}, or wait for people to leave instead: --when-busy wait`,
    };
  }
  return undefined;
}

/** Whether a balancer can be told to send no more people to hosts of a role. */
export function isTold(inventory: Inventory, role: string): boolean {
  const { drains, missing } = drainsIn(inventory, role);
  return drains.length > 0 && missing === undefined;
}

/** How new people are kept away from hosts of a role, and the role that does it and has no host. */
function drainsIn(inventory: Inventory, name: string) {
  const host = inventory.hosts.find(({ role }) => role === name);
  const drains = host === undefined ? [] : drainsOf(inventory, host);
  const missing = drains.map(({ on }) => on).find((on) => tellersIn(inventory, on).length === 0);
  return { drains, missing };
}

/** The hosts of a role on which a balancer is told. */
export function tellersIn(inventory: Inventory, role: string): readonly InventoryHost[] {
  return inventory.hosts.filter((host) => host.role === role && host.state !== 'retired');
}
