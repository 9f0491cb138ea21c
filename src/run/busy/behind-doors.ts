import pLimit from 'p-limit';
import type { Inventory, InventoryHost } from '../../inventory/inventory.ts';
import { differs, type HostPlan } from '../../model/plan.ts';
import { drainsOf } from '../../playbook/resolve/drains.ts';
import { guardsOf } from '../../playbook/resolve/reads.ts';
import type { KeptFor } from '../doors-last.ts';
import type { ApplyOptions } from '../options.ts';
import { resultOfHostPlan } from '../result-of-plan.ts';
import { askThese } from './ask-guards.ts';
import { policyOf } from './policy.ts';

/**
 * Asks the guards of all hosts that people reach through those of a role, before its last one leaves: the
 * first on which somebody is, or, of those that stay, of which that isn't known.
 */
export function whoIsBehind(
  plans: readonly HostPlan[],
  options: ApplyOptions,
): (role: string) => Promise<KeptFor | undefined> {
  return async (role) => {
    const limit = pLimit(options.parallel);
    const asked = hostsBehind(role, plans, options).map((host) =>
      limit(async (): Promise<readonly KeptFor[]> => {
        const plan = plans.find((one) => one.host === host.name);
        const found = await askThese(host, guardsOf(options.inventory, host), options);
        if (plan === undefined || found.kind === 'empty') return [];
        // What its guards ask may have gone with the rest of what was managed there.
        if (host.state === 'retired' && found.kind === 'unknown') return [];
        return [{ plan, status: resultOfHostPlan(plan).status, why: 'people', words: found.words }];
      }),
    );
    return (await Promise.all(asked)).flat()[0];
  };
}

/**
 * Those that stay, and those that have left but still get people from a balancer of this role, which nobody
 * has told. What people do on others that have left has nothing to do with this role any more. Hosts that are
 * off have nobody, and one that has left and can't be reached is taken to be gone.
 */
export function hostsBehind(
  role: string,
  plans: readonly HostPlan[],
  { inventory, ...rules }: Pick<ApplyOptions, 'inventory' | 'whenBusy' | 'queue'>,
): readonly InventoryHost[] {
  const behind = rolesBehind(role, inventory);
  return inventory.hosts.filter((host) => {
    if (!behind.has(host.role) || policyOf(host.role, { inventory, ...rules }) === 'force') return false;
    const plan = plans.find((one) => one.host === host.name);
    if (plan === undefined || plan.off) return false;
    if (host.state !== 'retired') return true;
    return !plan.unreachable && drainsOf(inventory, host).some(({ on }) => on === role);
  });
}

/**
 * Of balancers of which the last one leaves, with hosts to which they send people: a warning for each role,
 * as nobody tells them which of those have left.
 */
export function sendingOnWarnings(inventory: Inventory, plans: readonly HostPlan[]): readonly string[] {
  return inventory.playbook.roles.flatMap(({ name }) => {
    const own = inventory.hosts.filter(({ role }) => role === name);
    const leaving = plans.filter((plan) => plan.role === name && !plan.skipped && differs(plan));
    const gone = inventory.hosts.filter(
      (host) => host.state === 'retired' && drainsOf(inventory, host).some(({ on }) => on === name),
    );
    const isLast = own.length > 0 && own.every(({ state }) => state === 'retired');
    if (!isLast || leaving.length === 0 || gone.length === 0) return [];
    const which = leaving.map(({ host }) => host).join(' and ');
    return [
      `until ${which} ${leaving.length === 1 ? 'goes' : 'go'}, new people are sent on, also to hosts that have left, as a balancer that leaves isn't told; keep new people from its address first. It is put off as long as anybody is on those hosts`,
    ];
  });
}

function rolesBehind(
  role: string,
  { playbook: { roles } }: Pick<Inventory, 'playbook'>,
): ReadonlySet<string> {
  const at = roles.findIndex(({ name }) => name === role);
  return new Set(roles.slice(at + 1).map(({ name }) => name));
}
