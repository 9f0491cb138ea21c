import { isIP } from 'node:net';
import type { Inventory } from '../inventory/inventory.ts';
import { askAddresses, canonicalAddress, interfaceAddresses } from '../model/interface-addresses.ts';
import type { HostPlan } from '../model/plan.ts';
import { queryKey } from '../model/reads.ts';
import { handOverOf } from '../playbook/resolve/hand-over.ts';

/**
 * The plans of a role with those of hosts last that had, when they were looked at, what only one of them has:
 * what fails then fails on a host that nobody notices, and the address moves once, to one that is changed
 * already.
 */
export function holdersLast(plans: readonly HostPlan[], inventory: Inventory): readonly HostPlan[] {
  if (plans.length < 2) return plans;
  const holders = new Set(plans.filter((plan) => whatIsHeld(plan, inventory) !== undefined));
  return [...plans.filter((plan) => !holders.has(plan)), ...holders];
}

/** What only one host of its role has, and this one had when it was looked at, in words. */
export function whatIsHeld(plan: HostPlan, inventory: Inventory): string | undefined {
  const host = inventory.hosts.find(({ name }) => name === plan.host);
  const handOver = host && handOverOf(inventory, host);
  const answer = plan.snapshot?.answers.get(queryKey(askAddresses));
  if (handOver?.address === undefined || answer?.status !== 0) return undefined;
  if (isIP(handOver.address) === 0) return undefined;
  const address = canonicalAddress(handOver.address);
  return interfaceAddresses(answer.output).some((one) => one.address === address) ? handOver.what : undefined;
}
