import type { Inventory } from '../../inventory/inventory.ts';
import type { BusyPolicy } from '../../model/when-busy.ts';

export interface PolicyRules {
  readonly inventory: Pick<Inventory, 'whenBusy'>;
  /** what the operator says for this run; undefined: the inventory decides */
  readonly whenBusy: BusyPolicy | undefined;
}

/** What a run does with hosts of a role on which people are. */
export function policyOf(role: string, { inventory, whenBusy }: PolicyRules): BusyPolicy {
  return whenBusy ?? inventory.whenBusy.roles.get(role) ?? inventory.whenBusy.all ?? 'refuse';
}
