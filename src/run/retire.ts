import { knownNamesHint } from '../document/nearest-name.ts';
import { type Inventory, type InventoryHost, roleOf } from '../inventory/inventory.ts';
import { OperatorError } from '../model/operator-error.ts';

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
  const roles = inventory.playbook.roles.map((one) => one.name);
  const before = roles.slice(0, roles.indexOf(role));
  const others = inventory.hosts.filter((host) => before.includes(host.role));
  return [name, ...others.map((host) => host.name)];
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
 * Refuses to leave a cluster without a host that its playbook needs; `state: retired` takes down the whole
 * cluster.
 */
function refuseLast(inventory: Inventory, leaving: InventoryHost): void {
  const role = roleOf(inventory.playbook, leaving.role);
  const staying = inventory.hosts.filter(
    (host) => host.role === leaving.role && host.state === 'active' && host !== leaving,
  );
  if (leaving.state === 'retired' || staying.length >= role.hosts.minimum) return;
  throw new OperatorError({
    code: 'last-host',
    message: `${leaving.name} is needed: the playbook needs at least ${role.hosts.minimum} of the role ${role.name}, and ${staying.length} would be left`,
    next: 'to take down the whole cluster, write "state: retired" on each of its hosts and apply',
  });
}
