import { isIP } from 'node:net';
import type { Inventory } from '../inventory/inventory.ts';
import { askAddresses, canonicalAddress, interfaceAddresses } from '../model/interface-addresses.ts';
import { type HostPlan, stagesOf } from '../model/plan.ts';
import { queryKey } from '../model/reads.ts';
import { handOverOf } from '../playbook/resolve/hand-over.ts';

/**
 * The plans of a role with those of hosts last that had, when they were looked at, what only one of them has:
 * what fails then fails on a host that nobody notices, and the address moves once, to one that is changed
 * already.
 *
 * They come first where another one gets a certificate: the authority asks at the address, so whoever has it
 * has to know by then that challenges are passed on to the others.
 */
export function inOrderOfHolders(
  plans: readonly HostPlan[],
  inventory: Inventory,
  held: (plan: HostPlan) => string | undefined = (plan) => whatIsHeld(plan, inventory),
): readonly HostPlan[] {
  if (plans.length < 2) return plans;
  const holders = plans.filter((plan) => held(plan) !== undefined);
  const others = plans.filter((plan) => !holders.includes(plan));
  return turnOfHolders(others) === 'first' ? [...holders, ...others] : [...others, ...holders];
}

/** When those have their turn that have what only one of them has; `others`: those of the role without it. */
export function turnOfHolders(others: readonly HostPlan[]): 'first' | 'last' {
  return others.some(getsCertificate) ? 'first' : 'last';
}

/** Whether an authority is asked for one in the course of the plan, and asks back: RFC 8555, 8.3. */
function getsCertificate(plan: HostPlan): boolean {
  if (plan.skipped) return false;
  return stagesOf(plan).some(({ actions }) => actions.some(({ action }) => action.run.kind === 'certbot'));
}

/** What only one host of its role has, and this one had when it was looked at, in words. */
export function whatIsHeld(
  plan: Pick<HostPlan, 'host' | 'snapshot'>,
  inventory: Inventory,
): string | undefined {
  const host = inventory.hosts.find(({ name }) => name === plan.host);
  const handOver = host && handOverOf(inventory, host);
  const answer = plan.snapshot?.answers.get(queryKey(askAddresses));
  if (handOver?.address === undefined || answer?.status !== 0) return undefined;
  if (isIP(handOver.address) === 0) return undefined;
  const address = canonicalAddress(handOver.address);
  return interfaceAddresses(answer.output).some((one) => one.address === address) ? handOver.what : undefined;
}
