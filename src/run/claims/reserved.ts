import type { InventoryHost } from '../../inventory/inventory.ts';
import { type ClusterPlan, type HostPlan, isDue } from '../../model/plan.ts';
import type { ApplyOptions } from '../options.ts';
import { rolloutOf } from '../rollout.ts';

/** Those that the run doesn't begin with anyway, because too many would be out, are left out. */
export function dueHosts(plan: ClusterPlan, options: ApplyOptions): readonly HostPlan[] {
  const held = new Set(rolloutOf(plan.hosts, options).flatMap((role) => role.held));
  return plan.hosts.filter((one) => isDue(one) && !held.has(one.host)).sort(byMachine);
}

/** Every run takes hosts in this order. */
export function byMachine(one: HostPlan, other: HostPlan): number {
  return machineOf(one) < machineOf(other) ? -1 : 1;
}

function machineOf({ snapshot }: HostPlan): string {
  return snapshot?.machineId ?? '';
}

/** A host that is kept for a run. */
export interface Reserved {
  readonly host: InventoryHost;
  readonly machineId: string;
}

/** The host of a plan, if the inventory has it. */
export function reservedIn({
  inventory,
}: Pick<ApplyOptions, 'inventory'>): (plan: HostPlan) => readonly Reserved[] {
  return (plan) => {
    const host = inventory.hosts.find(({ name }) => name === plan.host);
    return host === undefined ? [] : [{ host, machineId: machineOf(plan) }];
  };
}

/** Whether all that is done to a host is done at once. */
export function isOneTransaction({ stages, last, leftovers }: HostPlan): boolean {
  return stages.length <= 1 && last === undefined && leftovers !== true;
}
