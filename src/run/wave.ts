import { changedRoles, type InventoryHost } from '../inventory/inventory.ts';
import { stageInterrupts } from '../model/interrupting.ts';
import { changesNow, type HostPlan, stagesOf, toSettle } from '../model/plan.ts';
import type { HostResult, Status } from '../model/result.ts';
import { leastMaxUnavailable, mostOut, type OutHost, usualMaxUnavailable } from '../model/rollout.ts';
import { doorRoles } from './doors.ts';
import type { After } from './doors-last.ts';
import { holdersLast } from './holders-last.ts';
import type { ApplyOptions } from './options.ts';
import { type Ending, nothingProven, type Turn, type Turns } from './turns.ts';
import { isQuietTime } from './windows/run-window.ts';

/** The hosts of one role, and the limits while they are being changed. */
export interface Wave {
  readonly role: string;
  readonly plans: readonly HostPlan[];
  /** maximum number of hosts that may be out at once */
  readonly limit: number;
  readonly parallel: number;
  /** how many begin together, see `Turns`; undefined: none wait for each other */
  readonly together?: number | undefined;
  /** hosts that don't serve anyone before the wave starts */
  readonly down: readonly OutHost[];
  /** later roles depend on it; those in which nothing is ever changed hold up nobody */
  readonly leads: boolean;
  /** people reach hosts of earlier waves through these, which are given back after them; undefined: not so */
  readonly after?: After | undefined;
}

/** What determines how a run goes through its roles. */
export type WaveRules = Pick<
  ApplyOptions,
  'inventory' | 'parallel' | 'maxUnavailable' | 'window' | 'waveSize' | 'onFailure'
>;

/**
 * A wave for each role, in the order of the plans. `down` is what a run has learned about its hosts;
 * undefined: what was seen when they were looked at. Hosts of a role that other roles come after (proxies,
 * balancers) go one at a time in any case, unless the inventory sets a limit for this very role. Those of
 * them that leave the cluster go last of all. In a role, the host that has what only one of them has goes
 * last.
 */
export function wavesOf(
  plans: readonly HostPlan[],
  { inventory, parallel, maxUnavailable, window, waveSize, onFailure }: WaveRules,
  down: readonly OutHost[] = plans.flatMap(downBefore),
): readonly Wave[] {
  const leading = new Set(changedRoles(inventory.playbook).map(({ name }) => name));
  const doors = doorRoles(inventory);
  const isDoor = (role: string) => doors.has(role);
  const leaves = ({ role, retires }: HostPlan) => retires === true && isDoor(role);
  const waveOf = (role: string, own: readonly HostPlan[], after: After | undefined): Wave => {
    const set = inventory.maxUnavailable.roles.get(role);
    const usual = window === undefined || isQuietTime(window) ? usualMaxUnavailable : leastMaxUnavailable;
    const allowed = maxUnavailable ?? set ?? inventory.maxUnavailable.all ?? usual;
    const hosts = inventory.hosts.filter((host) => host.role === role);
    return {
      role,
      leads: leading.has(role),
      plans: own,
      limit: mostOut(allowed, hosts.filter(stays).length),
      parallel: isDoor(role) && set === undefined ? 1 : parallel,
      together: waveSize ?? (onFailure === 'revert-wave' ? Number.POSITIVE_INFINITY : undefined),
      down: down.filter(({ host }) => hosts.some(({ name, ...one }) => name === host && stays(one))),
      ...(after === undefined ? {} : { after }),
    };
  };
  const staying = plans.filter((plan) => !leaves(plan));
  const [going, roles] = [plans.filter(leaves), rolesIn(staying)];
  const isLastDoor = (role: string) => !inventory.hosts.some((host) => host.role === role && stays(host));
  return [
    ...roles.map((role, index) => {
      const own = staying.filter((plan) => plan.role === role);
      return waveOf(
        role,
        holdersLast(own, inventory),
        isBackwards(roles, index, inventory) ? 'undone' : undefined,
      );
    }),
    ...[...rolesIn(going)].reverse().map((role) => {
      const own = going.filter((plan) => plan.role === role);
      return waveOf(role, own, isLastDoor(role) ? 'leaving' : 'nobody');
    }),
  ];
}

function rolesIn(plans: readonly HostPlan[]): readonly string[] {
  return [...new Set(plans.map(({ role }) => role))];
}

/** Whether a role comes after one that follows it in the playbook, as where a run is undone. */
function isBackwards(
  roles: readonly string[],
  index: number,
  { playbook }: Pick<ApplyOptions['inventory'], 'playbook'>,
): boolean {
  const place = (role: string | undefined) => playbook.roles.findIndex(({ name }) => name === role);
  return roles.slice(0, index).some((other) => place(other) > place(roles[index]));
}

/** Nobody depends on a host that leaves the cluster. */
function stays({ state }: Pick<InventoryHost, 'state'>): boolean {
  return state !== 'retired';
}

/** The initial state of a wave. */
export function turnsOf({ plans, limit, parallel, together, down }: Wave): Turns {
  return {
    waiting: plans.filter(isDueNow).map(turnOf),
    underWay: [],
    busy: new Set(),
    down: new Set(down.map(({ host }) => host)),
    limit,
    parallel,
    together,
    proven: nothingProven,
  };
}

/** Whether a run does anything to the host before its last stage. */
export function isDueNow(plan: HostPlan): boolean {
  if (plan.problem !== undefined || plan.skipped) return false;
  return changesNow(plan) || toSettle(plan).length > 0;
}

function turnOf(plan: HostPlan): Turn {
  return { host: plan.host, interrupts: interrupts(plan), leaves: plan.retires === true };
}

/** Whether people may be cut off while the plan is carried out, or while an earlier run is settled first. */
export function interrupts(plan: HostPlan): boolean {
  return toSettle(plan).length > 0 || plan.stages.some(stageInterrupts);
}

/** Why a host did not serve anyone when it was looked at; empty if it is well. */
export function downBefore({ host, unreachable, off, down, unsettled }: HostPlan): readonly OutHost[] {
  const because = (why: string) => [{ host, why }];
  if (unreachable) return because('unreachable');
  if (off) return because('off');
  if (unsettled.some(({ state }) => state === 'stuck')) return because('stuck');
  if (unsettled.some(({ alive }) => alive)) return because('another run is in progress on it');
  return down === undefined ? [] : because(down);
}

const lost: Readonly<Partial<Record<Status, string>>> = {
  unreachable: 'unreachable',
  unknown: 'its outcome is unknown',
  open: 'its run is still open',
  conflict: 'in conflict',
  stuck: 'stuck',
};

/**
 * What a host's result implies: one that was rolled back is as before, by the host's own checks. So is one
 * that failed, except for what its actions may have done by then.
 */
export function endingOf({ plan, status, ran }: HostResult): Ending {
  if (status === 'changed' || status === 'kept') return 'changed';
  if (status === 'owed') return 'partly';
  if (lost[status] !== undefined) return 'out';
  const acted = stagesOf(plan).some(({ actions }) => actions.length > 0) || ran.length > 0;
  return status === 'failed' && acted ? 'out' : 'as-before';
}

/**
 * Why a host does not serve anyone after this run, whether or not the run did something to it; empty if it is
 * well.
 */
export function downAfter(result: HostResult, before: readonly OutHost[]): readonly OutHost[] {
  const { plan, status } = result;
  const ending = endingOf(result);
  if (ending === 'changed' || ending === 'partly') return [];
  if (ending === 'out') return [{ host: plan.host, why: lost[status] ?? 'failed in this run' }];
  return before.filter(({ host }) => host === plan.host);
}
