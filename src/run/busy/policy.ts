import type { Inventory } from '../../inventory/inventory.ts';
import type { BusyPolicy } from '../../model/when-busy.ts';
import type { QueueWishes } from '../queue/wishes.ts';

export interface PolicyRules {
  readonly inventory: Pick<Inventory, 'whenBusy'>;
  /** what the operator says for this run; undefined: the inventory decides */
  readonly whenBusy: BusyPolicy | undefined;
  /** undefined: nothing is queued in this run, whatever the inventory says; such hosts are put off */
  readonly queue?: QueueWishes | undefined;
}

/** What a run does with hosts of a role on which people are. */
export function policyOf(role: string, { inventory, whenBusy, queue }: PolicyRules): BusyPolicy {
  const policy = whenBusy ?? inventory.whenBusy.roles.get(role) ?? inventory.whenBusy.all ?? 'refuse';
  return policy === 'later' && queue === undefined ? 'refuse' : policy;
}

/** The inventory in which the role of a host has this policy, whatever it says itself. */
export function withPolicy(inventory: Inventory, host: string, policy: BusyPolicy): Inventory {
  const role = inventory.hosts.find(({ name }) => name === host)?.role;
  if (role === undefined) return inventory;
  const { all, roles } = inventory.whenBusy;
  return { ...inventory, whenBusy: { all, roles: new Map([...roles, [role, policy]]) } };
}
