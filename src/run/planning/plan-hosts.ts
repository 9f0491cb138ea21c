import type { Inventory } from '../../inventory/inventory.ts';
import type { HostPlan } from '../../model/plan.ts';
import { type LookedAt, planInTurns } from '../../plan/forward/plan-cluster.ts';
import type { RunOptions } from '../options.ts';
import { planElsewhere } from './elsewhere.ts';
import { inTurns } from './in-turns.ts';
import { jobOf, planInput } from './job.ts';
import { isLarge } from './large.ts';

/** Plans what hosts will become, out of all that were looked at; see `planInTurns`. */
export type PlanHosts = (
  hosts: readonly LookedAt[],
  only?: ReadonlySet<string>,
) => Promise<readonly HostPlan[]>;

/**
 * Plans hosts while signals and what other hosts say are attended to: on this thread with pauses, or on
 * another one, where a single piece of the work would take too long.
 */
export function planHostsOf(
  inventory: Inventory,
  { secrets, signal, startThread }: Pick<RunOptions, 'secrets' | 'signal' | 'startThread'>,
): PlanHosts {
  return async (hosts, only) => {
    const elsewhere =
      startThread !== undefined && isLarge({ hosts, only })
        ? await planElsewhere(jobOf(inventory, secrets, { hosts, only }), { start: startThread, signal })
        : undefined;
    return elsewhere ?? inTurns(planInTurns(planInput(inventory, secrets, hosts), only), signal);
  };
}
