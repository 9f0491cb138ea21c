import type { Inventory } from '../../inventory/inventory.ts';
import { type HostPlan, isDue } from '../../model/plan.ts';
import { drainsOf } from '../../playbook/resolve/drains.ts';
import { listed } from '../../verify/listed.ts';
import { hasGuards } from './ask-guards.ts';
import { isTold, tellersIn } from './drain-refusal.ts';
import { handsOver } from './hands-over.ts';
import { type PolicyRules, policyOf } from './policy.ts';

/** What is done to one host, and to several, in words: `is upgraded` and `are upgraded`. */
interface Work {
  readonly one: string;
  readonly several: string;
}

/**
 * A warning for each role whose hosts are out for long while nobody keeps new people away from them: neither
 * while the work goes on, nor where it fails. What is to be done about it is said before anybody agrees.
 */
export function nobodyToldWarnings(
  plans: readonly HostPlan[],
  options: PolicyRules & { readonly inventory: Inventory },
  work: Work,
): readonly string[] {
  const { inventory } = options;
  const due = plans.filter((plan) => isDue(plan) && hasGuards(plan) && !handsOver(plan, options));
  return [...new Set(due.map(({ role }) => role))].flatMap((role) => {
    // Where they are to be drained and can't be, nothing is begun.
    if (policyOf(role, options) === 'drain') return [];
    const names = due.filter((plan) => plan.role === role).map(({ host }) => host);
    const whom = names.length > mostNamed ? `the ${names.length} hosts of the role ${role}` : listed(names);
    const does = names.length === 1 ? work.one : work.several;
    return [
      `no balancer is told while ${whom} ${does}, so new people are sent there meanwhile, and also if that fails: ${wayOut(role, inventory)}`,
    ];
  });
}

/** More are only counted. */
const mostNamed = 3;

function wayOut(role: string, inventory: Inventory): string {
  if (isTold(inventory, role)) return 'to have it told, add --when-busy drain';
  const host = inventory.hosts.find((one) => one.role === role);
  const drains = host === undefined ? [] : drainsOf(inventory, host);
  const on = drains.map((drain) => drain.on).find((one) => tellersIn(inventory, one).length === 0);
  const first = 'see to it first that whatever sends people there sends none until it is done';
  return on === undefined
    ? first
    : `${first}, or name the host of the balancer below hosts.${on}, and add --when-busy drain`;
}
