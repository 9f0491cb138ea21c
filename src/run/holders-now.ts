import pLimit from 'p-limit';
import type { HostPlan } from '../model/plan.ts';
import { noReads } from '../model/reads.ts';
import { handOverQueries } from '../playbook/resolve/hand-over.ts';
import { inOrderOfHolders, turnOfHolders, whatIsHeld } from './holders.ts';
import { lookAt } from './look.ts';
import type { ApplyOptions } from './options.ts';
import { isDueNow, type Wave } from './wave.ts';

/**
 * Asks anew, right before a wave, who has what only one host of its role has: it may have moved since all
 * were looked at, while the plan was read or other roles were changed. A host that can't be asked counts as
 * it did then. Nobody is asked where the order makes no difference.
 */
export function holdersNow(
  options: Pick<ApplyOptions, 'inventory' | 'connect' | 'signal' | 'parallel' | 'progress'>,
): (wave: Wave) => Promise<Wave> {
  const { inventory, progress } = options;
  const limit = pLimit(options.parallel);
  const askNow = async (plan: HostPlan) => {
    const host = inventory.hosts.find(({ name }) => name === plan.host);
    const queries = host === undefined ? [] : handOverQueries(inventory, host);
    if (host === undefined || queries.length === 0) return undefined;
    const { snapshot } = await limit(() => lookAt(host, () => ({ ...noReads, queries }), options));
    return whatIsHeld({ host: plan.host, snapshot: snapshot ?? plan.snapshot }, inventory);
  };
  return async (wave) => {
    const due = wave.plans.filter(isDueNow);
    if (due.length < 2) return wave;
    const held = new Map(await Promise.all(due.map(async (plan) => [plan, await askNow(plan)] as const)));
    const plans = inOrderOfHolders(wave.plans, inventory, (plan) => held.get(plan));
    if (plans.every((plan, index) => plan === wave.plans[index])) return wave;
    const turn = turnOfHolders(due.filter((plan) => held.get(plan) === undefined));
    for (const [{ host }, what] of held) {
      if (what === undefined) continue;
      progress({ kind: 'message', text: `${host} has ${what} by now, and is changed ${turn} of its role` });
    }
    return { ...wave, plans };
  };
}
