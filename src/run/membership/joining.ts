import { knownNamesHint } from '../../document/nearest-name.ts';
import { changedRoles, type Inventory, type InventoryHost } from '../../inventory/inventory.ts';
import { OperatorError } from '../../model/operator-error.ts';
import type { ClusterPlan } from '../../model/plan.ts';
import { isManaged } from '../../model/snapshot.ts';
import { withPolicy } from '../busy/policy.ts';

/** The host that joins. Throws an OperatorError `host-unknown` or `host-retired`. */
export function joiningHost({ hosts, file }: Inventory, name: string): InventoryHost {
  const host = hosts.find((one) => one.name === name);
  if (host === undefined) {
    throw new OperatorError({
      code: 'host-unknown',
      message: `${file} has no host ${name}`,
      next: `add a new host to the inventory first; otherwise, ${knownNamesHint(
        name,
        hosts.map((one) => one.name),
      )}`,
    });
  }
  if (host.state === 'retired') {
    throw new OperatorError({
      code: 'host-retired',
      message: `${name} has "state: retired" in ${file}, so it can't join`,
      next: 'remove that line, or write "state: off" if it may be switched off later',
    });
  }
  return host;
}

/**
 * The inventory with the host as it is to be reached. Where nobody says what is done with its role while
 * people are there, it is waited for: a machine that has just started can't tell before its services run.
 */
export function withJoining(inventory: Inventory, joining: InventoryHost): Inventory {
  const hosts = inventory.hosts.map((host) =>
    host.name === joining.name ? { ...joining, state: 'active' as const } : host,
  );
  const { all, roles } = inventory.whenBusy;
  const reached = { ...inventory, hosts };
  return (roles.get(joining.role) ?? all) === undefined ? withPolicy(reached, joining.name, 'wait') : reached;
}

/** The hosts involved: the host itself, and those of other roles that are changed on its account. */
export function limitOfJoining(inventory: Inventory, name: string): readonly string[] {
  const role = inventory.hosts.find((host) => host.name === name)?.role;
  const roles = changedRoles(inventory.playbook).map((one) => one.name);
  const others = inventory.hosts.filter((host) => host.role !== role && roles.includes(host.role));
  return [name, ...others.map((host) => host.name)];
}

/**
 * The plan of a host that doesn't serve anybody yet, as it is new or was off: it counts as out, so it may be
 * changed however many others are.
 */
export function asJoining(
  plan: ClusterPlan,
  { state, name }: Pick<InventoryHost, 'state' | 'name'>,
): ClusterPlan {
  const hosts = plan.hosts.map((host) => {
    const isNew = host.snapshot !== undefined && (state === 'off' || !isManaged(host.snapshot));
    return host.host === name && isNew ? { ...host, down: host.down ?? 'it is joining' } : host;
  });
  return { ...plan, hosts };
}
