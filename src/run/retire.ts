import { knownNamesHint, nearNames } from '../document/nearest-name.ts';
import { decode } from '../formats/decode.ts';
import { changedRoles, type Inventory, type InventoryHost, roleOf } from '../inventory/inventory.ts';
import { OperatorError } from '../model/operator-error.ts';
import { differs, type HostPlan, stagesOf } from '../model/plan.ts';
import type { PathState } from '../model/snapshot.ts';
import { listed } from '../verify/listed.ts';
import { skipOthers } from './limit.ts';
import { namesHost } from './names-host.ts';
import type { PlannedRun } from './planner.ts';

/** The inventory with a host marked as leaving the cluster. */
export function retiring(inventory: Inventory, name: string): Inventory {
  const leaving = hostOf(inventory, name);
  refuseLast(inventory, leaving);
  const hosts = inventory.hosts.map((host) =>
    host === leaving ? { ...host, state: 'retired' as const } : host,
  );
  return { ...inventory, hosts };
}

/** The hosts involved: the host itself, and the roles before its own, which relay to it. */
export function limitOfRetiring(inventory: Inventory, name: string): readonly string[] {
  const { role } = hostOf(inventory, name);
  const { roles } = inventory.playbook;
  // Its own role may be one in which nothing is ever changed.
  const own = roles.findIndex((one) => one.name === role);
  const before = changedRoles({ roles: roles.slice(0, own) }).map((one) => one.name);
  const others = inventory.hosts.filter((host) => before.includes(host.role));
  return [name, ...others.map((host) => host.name)];
}

/** Whether other hosts, through which people reach it, have something for a host; none have for a proxy. */
export function isRelayedTo(inventory: Inventory, name: string): boolean {
  return hasLeft(inventory, name) || limitOfRetiring(inventory, name).length > 1;
}

/** Whether the inventory doesn't have the host, although other hosts may still have something for it. */
export function hasLeft(inventory: Inventory, name: string): boolean {
  return !inventory.hosts.some((host) => host.name === name);
}

/**
 * Of a plan for all hosts the part that removes what they have for a host that has left the inventory. Throws
 * `host-unknown` if no host has anything: it may be a typing error.
 */
export function ofAHostThatLeft(planned: PlannedRun, inventory: Inventory, name: string): PlannedRun {
  const plans = planned.plan.hosts;
  const relaying = plans.filter((plan) => removes(plan, name)).map(({ host }) => host);
  if (relaying.length === 0) throw unknownHost(inventory, name, plans);
  return { ...planned, plan: { ...planned.plan, hosts: skipOthers(plans, new Set(relaying)) } };
}

function unknownHost(inventory: Inventory, name: string, plans: readonly HostPlan[]): OperatorError {
  const lost = plans.filter(({ snapshot }) => snapshot === undefined).map(({ host }) => host);
  const unseen = lost.length === 0 ? '' : ` (not looked at: ${lost.join(', ')})`;
  return new OperatorError({
    code: 'host-unknown',
    message: `${inventory.file} has no host ${name}, and no other host has anything for it${unseen}`,
    next: `check its spelling${likeWords(inventory, name)}; if it was retired before, there is nothing left to do`,
  });
}

/** More aren't named: whoever reads them looks into the inventory. */
const mostNamed = 6;

/** Which names are like it. Not just the nearest one: that would be a node that is at work. */
function likeWords({ hosts, file }: Inventory, name: string): string {
  const like = nearNames(
    name,
    hosts.map((host) => host.name),
  );
  if (like.length === 0) return '';
  const more = like.length > mostNamed ? ` and ${like.length - mostNamed} more` : '';
  return ` (${file} has ${like.slice(0, mostNamed).join(', ')}${more})`;
}

function removes(plan: HostPlan, name: string): boolean {
  const isIn = (state: PathState) => state.kind === 'file' && namesHost(decode(state.content).text, name);
  return stagesOf(plan).some(({ changes }) =>
    changes.some(({ before, after }) => isIn(before) && !isIn(after)),
  );
}

function hostOf(inventory: Inventory, name: string): InventoryHost {
  const host = inventory.hosts.find((one) => one.name === name);
  if (host !== undefined) return host;
  const known = inventory.hosts.map((one) => one.name);
  throw new OperatorError({
    code: 'host-unknown',
    message: `${inventory.file} has no host ${name}`,
    next: knownNamesHint(name, known),
  });
}

/**
 * Refuses to take out the last host that the playbook needs, as seen: hosts that were set aside are in the
 * inventory, but nobody reaches the cluster through them.
 */
export function refuseLastSeen(
  { plan: { hosts }, aside = [] }: PlannedRun,
  inventory: Inventory,
  name: string,
): void {
  const { role } = hostOf(inventory, name);
  const own = hosts.find(({ host }) => host === name);
  const left = inventory.hosts.filter((host) => host.role === role && aside.includes(host.name));
  if (left.length === 0 || own === undefined || !differs(own)) return;
  const { minimum } = roleOf(inventory.playbook, role).hosts;
  const staying = inventory.hosts.filter(
    (host) => host.role === role && host.state !== 'retired' && host.name !== name && !left.includes(host),
  );
  if (staying.length >= minimum) return;
  const names = left.map((host) => host.name);
  throw new OperatorError({
    code: 'last-host',
    message: `${name} is needed: the playbook needs at least ${minimum} of the role ${role}, and ${staying.length} would be left, as ${listed(names)} ${names.length === 1 ? 'is' : 'are'} active in ${inventory.file}, but not set up`,
    next: `set up another one first (clusterproxy apply); to take down the whole cluster, ${takeDown}`,
  });
}

const takeDown =
  'write "state: retired" on all its hosts and apply: those through which others are reached go last (clusterproxy docs take-off)';

/**
 * Refuses to leave a cluster without a host that its playbook needs; `state: retired` takes down the whole
 * cluster.
 */
function refuseLast(inventory: Inventory, leaving: InventoryHost): void {
  const role = roleOf(inventory.playbook, leaving.role);
  const staying = inventory.hosts.filter(
    (host) => host.role === leaving.role && host.state !== 'retired' && host !== leaving,
  );
  if (leaving.state === 'retired' || staying.length >= role.hosts.minimum) return;
  throw new OperatorError({
    code: 'last-host',
    message: `${leaving.name} is needed: the playbook needs at least ${role.hosts.minimum} of the role ${role.name}, and ${staying.length} would be left`,
    next: `to take down the whole cluster, ${takeDown}`,
  });
}
