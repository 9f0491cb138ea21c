import type { Inventory } from '../../inventory/inventory.ts';
import { acceptedAt } from '../../model/accepted.ts';
import type { HostPlan } from '../../model/plan.ts';
import { type LookedAt, planInTurns } from '../../plan/forward/plan-cluster.ts';
import { planHostRollback, type RollbackPlan } from '../../plan/rollback/plan-rollback.ts';
import { itemFormatsOf } from '../../steps/item-formats.ts';
import type { RunOptions } from '../options.ts';
import { planElsewhere, undoElsewhere } from './elsewhere.ts';
import { inTurns } from './in-turns.ts';
import { clusterJob, planInput, type RollbackJob, rollbackJob } from './job.ts';
import { isLarge } from './large.ts';

/** Plans what hosts will become, out of all that were looked at; see `planInTurns`. */
export type PlanHosts = (
  hosts: readonly LookedAt[],
  only?: ReadonlySet<string>,
) => Promise<readonly HostPlan[]>;

type PlanningOptions = Pick<RunOptions, 'secrets' | 'signal' | 'startThread'>;

/**
 * Plans hosts while signals and what other hosts say are attended to: on this thread with pauses, or on
 * another one, where a single piece of the work would take too long.
 */
export function planHostsOf(
  inventory: Inventory,
  { secrets, signal, startThread }: PlanningOptions,
): PlanHosts {
  // One moment for all of a run: what is left as it is doesn't change in the middle.
  const accepted = acceptedAt(inventory.accepted?.entries ?? [], Date.now());
  return async (hosts, only) => {
    const elsewhere =
      startThread !== undefined && isLarge({ hosts, only })
        ? await planElsewhere(clusterJob(inventory, secrets, { hosts, only, accepted }), {
            start: startThread,
            signal,
          })
        : undefined;
    return (
      elsewhere ?? inTurns(planInTurns(planInput(inventory, secrets, { hosts, accepted }), only), signal)
    );
  };
}

/** Plans to undo what a run did on a host; on another thread where that may take long. */
export async function undoOnHost(
  inventory: Inventory,
  undoing: Pick<RollbackJob, 'hosts' | 'recorded' | 'force'>,
  { secrets, signal, startThread }: PlanningOptions,
): Promise<RollbackPlan> {
  const { hosts, recorded, force } = undoing;
  const elsewhere =
    startThread !== undefined && isLarge({ hosts, only: undefined })
      ? await undoElsewhere(rollbackJob(inventory, secrets, undoing), { start: startThread, signal })
      : undefined;
  const formats = itemFormatsOf(inventory.playbook);
  return elsewhere ?? planHostRollback(hosts[0].snapshot, recorded, { force, formats, secrets });
}
