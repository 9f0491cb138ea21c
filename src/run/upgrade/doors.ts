import type { InventoryHost } from '../../inventory/inventory.ts';
import { OperatorError } from '../../model/operator-error.ts';
import { changesNow, type HostPlan, isDue } from '../../model/plan.ts';
import type { ProgressEvent } from '../../model/progress.ts';
import type { Status } from '../../model/result.ts';
import { applyRun } from '../apply-run.ts';
import { doorRoles } from '../everything-interrupted.ts';
import type { ApplyOptions } from '../options.ts';
import { planRun } from '../plan-run.ts';

const good: readonly Status[] = ['in-sync', 'changed', 'done'];

/** The hosts before those of the role that is upgraded, which may need a change after each of them. */
function doorsIn(plans: readonly HostPlan[], roles: readonly string[]): readonly HostPlan[] {
  return plans.filter(({ role, retires }) => roles.includes(role) && retires !== true);
}

/** The roles before the one that is upgraded. */
function doorsOf(upgraded: string, inventory: ApplyOptions['inventory']): readonly string[] {
  return doorRoles(inventory).filter((role) => role !== upgraded && !inventory.external.has(role));
}

/** A door that would be changed as it is, so that an upgrade would carry that out unseen. */
export function doorThatDiffers(
  plans: readonly HostPlan[],
  upgraded: string,
  { inventory }: Pick<ApplyOptions, 'inventory'>,
): HostPlan | undefined {
  return doorsIn(plans, doorsOf(upgraded, inventory)).find(
    (plan) => plan.problem === undefined && changesNow(plan),
  );
}

/**
 * Gives the doors what they need for a host that has another version by now: a proxy has other locations for
 * it. In a run of its own, before the host gets people again. Throws an OperatorError `door-not-ready`.
 */
export async function openDoors(
  { name: host, role }: Pick<InventoryHost, 'name' | 'role'>,
  options: ApplyOptions,
): Promise<void> {
  const roles = doorsOf(role, options.inventory);
  if (roles.length === 0) return;
  const another = { freshId: undefined, hostEnded: undefined };
  const own: ApplyOptions = {
    ...{ ...options, ...another, limit: roles },
    ...{ prune: false, exactly: false, window: undefined },
    progress: (event) => tellBeside(event, options),
  };
  const planned = await planRun({ ...own, warnOfAnswers: false });
  if (!planned.plan.hosts.some(isDue)) return;
  options.progress({
    kind: 'message',
    text: `${host} has another version now: changing what ${roles.join(' and ')} have for it`,
  });
  const { hosts } = await applyRun(planned, own);
  const bad = doorsIn(
    hosts.filter(({ status }) => !good.includes(status)).map(({ plan }) => plan),
    roles,
  )[0];
  if (bad === undefined) return;
  const problem = hosts.find(({ plan }) => plan === bad)?.problem;
  throw new OperatorError({
    code: 'door-not-ready',
    message: `it has another version now, and ${bad.host} could not be given what it has to have for it: ${problem?.message ?? 'nobody knows why'}`,
    next: `put that right; then run the command again, which goes on with ${host}`,
    host,
    detail: problem?.detail,
  });
}

/** The doors' run stands within another, whose hosts are counted. */
function tellBeside(event: ProgressEvent, { progress }: Pick<ApplyOptions, 'progress'>): void {
  if (event.kind === 'begun') progress({ kind: 'begun', run: event.run });
  else if (event.kind !== 'ended') progress(event);
}
