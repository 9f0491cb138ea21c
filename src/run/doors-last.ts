import type { Inventory } from '../inventory/inventory.ts';
import { differs, type HostPlan } from '../model/plan.ts';
import type { HostResult, Status } from '../model/result.ts';
import { statusWords } from '../model/status-words.ts';

/**
 * Whom hosts are given back after, through which people reach others. `leaving`: those that leave the cluster
 * as well; `undone`: those on which the run is undone as well; `nobody`: they leave, but others stay that do
 * the same.
 */
export type After = 'leaving' | 'undone' | 'nobody';

const done: readonly Status[] = ['in-sync', 'changed', 'done'];
/** People are there, and go on being sent the old way. */
const later: readonly Status[] = ['deferred', 'owed', 'queued'];

/** A host that isn't given back by now, and still sends its people through those of a later wave. */
export function stillSending(
  after: After | undefined,
  results: readonly HostResult[],
): HostResult | undefined {
  if (after === undefined || after === 'nobody') return undefined;
  return results.find(({ plan, status }) =>
    after === 'leaving' ? plan.retires && !hasLeft(plan, status) : later.includes(status),
  );
}

/** Nothing of ours is left on it; or it can't be reached, and the operator goes on without it. */
export function hasLeft(plan: HostPlan, status: Status): boolean {
  if (plan.skipped) return plan.unreachable || (plan.problem === undefined && !differs(plan));
  return done.includes(status);
}

/** The result of a host that is not given back, as another one still sends people through it. */
export function keptFor(plan: HostPlan, { plan: { host, retires }, status }: HostResult): HostResult {
  const isLater = later.includes(status);
  const state = retires ? 'has not left the cluster' : 'is not rolled back';
  const problem = {
    code: 'still-needed',
    message: `nothing was done on this host: ${host} ${state} (${statusWords[status]}), and people reach it through this host`,
    next: `${isLater ? `once nobody is on ${host} any more, ` : `see to ${host}, then `}run the command again${retires && status === 'unreachable' ? `; if it is gone for good, leave it out with --limit ${plan.host}` : ''}`,
    host: plan.host,
  };
  return {
    ...{ plan, status: isLater ? 'deferred' : 'not-started', problem },
    ...{ ran: [], warnings: plan.warnings, durationMs: 0 },
  };
}

/** The results in the order of the plans, whoever was given back last. */
export function inOrderOf(plans: readonly HostPlan[], results: readonly HostResult[]): readonly HostResult[] {
  const place = new Map(plans.map(({ host }, index) => [host, index]));
  const placeOf = ({ plan }: HostResult) => place.get(plan.host) ?? 0;
  return [...results].sort((one, other) => placeOf(one) - placeOf(other));
}

/**
 * Of hosts that stay in a cluster of which all those leave through which people reach them: a warning for
 * each role that has none any more.
 */
export function withoutDoorWarnings(
  { playbook, hosts }: Pick<Inventory, 'playbook' | 'hosts'>,
  plans: readonly HostPlan[],
): readonly string[] {
  return playbook.roles.flatMap(({ name, hosts: { minimum } }, index) => {
    const own = hosts.filter(({ role }) => role === name);
    const leaving = plans.filter((plan) => plan.role === name && !plan.skipped && differs(plan));
    const behind = playbook.roles.slice(index + 1).map((role) => role.name);
    const staying = hosts.filter(({ role, state }) => behind.includes(role) && state !== 'retired');
    const isGone = minimum > 0 && own.length > 0 && own.every(({ state }) => state === 'retired');
    if (!isGone || leaving.length === 0 || staying.length === 0) return [];
    const whom = list(staying.map((host) => host.name));
    const which = list(leaving.map(({ host }) => host));
    const leave = leaving.length === 1 ? 'leaves' : 'leave';
    return [
      `${which} ${leave} the cluster, and nobody reaches ${whom} through ${leaving.length === 1 ? 'it' : 'them'} any more; to take the whole cluster down, write "state: retired" on all hosts: these then go last (clusterproxy docs take-off)`,
    ];
  });
}

/** `a`, `a and b`, `3 hosts` */
function list(names: readonly string[]): string {
  return names.length > 2 ? `${names.length} hosts` : names.join(' and ');
}
