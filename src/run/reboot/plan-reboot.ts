import pLimit from 'p-limit';
import type { InventoryHost } from '../../inventory/inventory.ts';
import { type HostAction, providesNothing } from '../../model/action.ts';
import { durationWords } from '../../model/duration.ts';
import type { HostPlan } from '../../model/plan.ts';
import type { Query } from '../../model/reads.ts';
import { handOverNotes } from '../busy/hands-over.ts';
import { allGuards, doorRoles, interruptingStage, leftAlone, withStages } from '../everything-interrupted.ts';
import { limitedTo } from '../limit.ts';
import { lookAt } from '../look.ts';
import type { ApplyOptions, RunOptions } from '../options.ts';
import { planRun } from '../plan-run.ts';
import { asPlanned, type PlannedRun } from '../planner.ts';
import { rebootQuery } from './facts.ts';
import { rebootProof } from './proof.ts';
import { rebootReads, type SeenHost, seenHost } from './well-again.ts';

export interface RebootOptions extends RunOptions, Pick<ApplyOptions, 'leave'> {
  /** how long a host may take to be back, and then to be well; seconds */
  readonly timeout: number;
  /** leave those alone that need no restart */
  readonly ifRequired: boolean;
}

/** The only action of it, as it is recorded on the host. */
export const rebootName = 'reboot';

/**
 * Looks at all hosts and plans to restart those that `limit` names; without a name, those of the role that
 * people are on, so that nobody closes the cluster's door by leaving out a word. Nothing else is done to
 * them, whatever else they lack.
 */
export async function planReboot(options: RebootOptions): Promise<PlannedRun> {
  const { inventory, limit } = options;
  const doors = doorRoles(inventory);
  const chosen = limitedTo(inventory.hosts, limit);
  const isChosen = ({ name, role, state }: InventoryHost) =>
    chosen.has(name) && state === 'active' && (limit.length > 0 || !doors.includes(role));
  const { plan, planner } = await planRun({ ...options, limit: [] });
  const query = await rebootQuery();
  const seen = await lookBefore(inventory.hosts.filter(isChosen), query, options);
  const hosts = plan.hosts.map((one): HostPlan => {
    const host = inventory.hosts.find(({ name }) => name === one.host);
    if (host === undefined || !isChosen(host)) return { ...leftAlone(one), skipped: true };
    if (one.problem !== undefined || one.snapshot === undefined) return one;
    const before = seen.get(one.host);
    const needed = before?.facts?.needed;
    if (options.ifRequired && needed === undefined) return withWarning(leftAlone(one), unknownNeed);
    if (options.ifRequired && needed?.length === 0) return leftAlone(one);
    const guards = allGuards(inventory, host, one.snapshot);
    const action = rebootAction(options.timeout, { needed, guards });
    const stage = interruptingStage(one, inventory, action);
    return withStages({ ...one, last: undefined, leftovers: undefined }, [stage]);
  });
  const left = hosts.filter(({ host, skipped }) => skipped && chosen.has(host));
  const notes =
    limit.length === 0 && left.some(({ role }) => doors.includes(role))
      ? [
          `hosts of the ${doors.length === 1 ? 'role' : 'roles'} ${doors.join(' and ')} are restarted only if they are named`,
        ]
      : [];
  return {
    plan: { ...plan, hosts, byHand: [], notes: [...notes, ...handOverNotes(inventory, hosts)] },
    planner: {
      last: asPlanned.last,
      wayThrough: planner.wayThrough,
      afterwards: planner.afterwards,
      ...rebootProof({ ...options, seen, query }),
    },
  };
}

const unknownNeed = "it isn't known whether it needs a restart, as it can't be asked";

function withWarning(plan: HostPlan, warning: string): HostPlan {
  return { ...plan, warnings: [...plan.warnings, warning] };
}

/** The action, and what is to be known of it before saying yes. */
function rebootAction(
  timeout: number,
  { needed, guards }: Pick<HostAction, 'guards'> & { readonly needed: readonly string[] | undefined },
): HostAction {
  const known = needed ?? [unknownNeed];
  const why = known.length === 0 ? ['nothing on it asks for a restart'] : known;
  return {
    name: rebootName,
    run: { kind: 'reboot' },
    unless: undefined,
    provides: providesNothing,
    timeout,
    notes: [
      ...why,
      `it has to be back within ${durationWords(timeout)}, and all that was active has to be active again`,
    ],
    guards,
  };
}

/** What they are like now; those that can't be asked are left out, which their plans tell. */
async function lookBefore(
  hosts: readonly InventoryHost[],
  query: Query,
  { parallel, ...options }: RebootOptions,
): Promise<ReadonlyMap<string, SeenHost>> {
  const { inventory } = options;
  const limit = pLimit(parallel);
  const seen = await Promise.all(
    hosts.map((host) =>
      limit(async () => {
        const { snapshot } = await lookAt(host, () => rebootReads(inventory, host, query), options);
        if (snapshot === undefined) return [];
        return [[host.name, seenHost(inventory, host, { snapshot, query })] as const];
      }),
    ),
  );
  return new Map(seen.flat());
}
