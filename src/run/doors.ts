import type { Inventory } from '../inventory/inventory.ts';

type Cluster = Pick<Inventory, 'playbook' | 'hosts'>;

/** The roles through whose hosts people reach those of later roles; only roles that have hosts. */
export function doorRoles({ playbook, hosts }: Cluster): ReadonlySet<string> {
  const used = playbook.roles.filter(({ name }) => hosts.some(({ role }) => role === name));
  return new Set(used.slice(0, -1).map(({ name }) => name));
}

/** The names of those hosts. */
export function doorsIn(inventory: Cluster): ReadonlySet<string> {
  const roles = doorRoles(inventory);
  return new Set(inventory.hosts.flatMap(({ name, role }) => (roles.has(role) ? [name] : [])));
}
