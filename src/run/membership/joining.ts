import { knownNamesHint } from '../../document/nearest-name.ts';
import { changedRoles, type Inventory, type InventoryHost } from '../../inventory/inventory.ts';
import { OperatorError } from '../../model/operator-error.ts';
import type { BusyPolicy } from '../../model/when-busy.ts';

/** The host that joins. Throws an OperatorError `host-unknown` or `host-retired`. */
export function joiningHost({ hosts, file }: Inventory, name: string): InventoryHost {
  const host = hosts.find((one) => one.name === name);
  if (host === undefined) {
    throw new OperatorError({
      code: 'host-unknown',
      message: `${file} has no host ${name}`,
      next: `${knownNamesHint(
        name,
        hosts.map((one) => one.name),
      )}; a new host is added to the inventory first`,
    });
  }
  if (host.state === 'retired') {
    throw new OperatorError({
      code: 'host-retired',
      message: `${name} has "state: retired" in ${file}, so it can't join`,
      next: 'remove that line, or write "state: off" if it may be switched off later',
    });
  }
  return { ...host, state: 'active' };
}

/** The inventory with the host as it is to be reached. */
export function withJoining(inventory: Inventory, joining: InventoryHost): Inventory {
  const hosts = inventory.hosts.map((host) => (host.name === joining.name ? joining : host));
  return { ...inventory, hosts };
}

/** The hosts involved: the host itself, and those of other roles that are changed on its account. */
export function limitOfJoining(inventory: Inventory, name: string): readonly string[] {
  const role = inventory.hosts.find((host) => host.name === name)?.role;
  const roles = changedRoles(inventory.playbook).map((one) => one.name);
  const others = inventory.hosts.filter((host) => host.role !== role && roles.includes(host.role));
  return [name, ...others.map((host) => host.name)];
}

/**
 * What is done while it can't be told whether people are there, where nobody says: a machine that has just
 * started can't tell before its services run.
 */
export function policyOfJoining({ whenBusy, hosts }: Inventory, name: string): BusyPolicy | undefined {
  const role = hosts.find((host) => host.name === name)?.role ?? '';
  return (whenBusy.roles.get(role) ?? whenBusy.all) === undefined ? 'wait' : undefined;
}
