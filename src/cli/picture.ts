import type { Inventory } from '../inventory/inventory.ts';
import type { PortFact, Role } from '../model/playbook.ts';
import { holds } from '../playbook/resolve/conditions.ts';
import type { PictureBeginning } from '../report/document/picture.ts';
import { operatorHere } from '../run/operator.ts';
import { packageVersion } from '../version.ts';

/** What an inventory and its playbook say of a cluster: who is in it, and who talks to whom. */
export function beginningOf(inventory: Inventory): PictureBeginning {
  const { cluster, playbook, file, hosts, external, vars } = inventory;
  const { name, roles } = playbook;
  const present = roles.filter(
    (role) => external.has(role.name) || hosts.some((host) => host.role === role.name),
  );
  return {
    ...{ version: packageVersion(), name: cluster.name, hostname: cluster.hostname, playbook: name },
    ...{ inventory: file, ...operatorHere() },
    roles: present.map((role) => ({
      role: role.name,
      ...(external.has(role.name) ? { external: true as const } : {}),
      hosts: hosts
        .filter((host) => host.role === role.name)
        .map(({ name: host, hostname, state }) => ({
          name: host,
          ...(hostname === undefined ? {} : { hostname }),
          ...(state === 'active' ? {} : { state }),
        })),
    })),
    ways: waysTo(present, { hosts, vars }),
  };
}

/** By what a playbook says for firewalls, and by whom it tells to send nobody to a host that is drained. */
function waysTo(
  roles: readonly Role[],
  { hosts, vars }: Pick<Inventory, 'hosts' | 'vars'>,
): PictureBeginning['ways'] {
  const names = roles.map(({ name }) => name);
  const users = ['everyone', 'operators', ...names];
  return roles.flatMap((role) => {
    const ways = users.flatMap((from) => {
      const ports = role.ports
        .filter((port) => port.from.includes(from) && isOpen(role, port, { hosts, vars }))
        .flatMap((port) => portOf(port, vars))
        .flatMap((port) => (isSsh(from, port) ? sshPortsOf(role.name, hosts, port) : [port]));
      return ports.length === 0 ? [] : [{ from, to: role.name, ports }];
    });
    const told = role.guards.flatMap(({ drain }) => drain?.on ?? []);
    const senders = [...new Set(told)].filter(
      (from) => names.includes(from) && !ways.some((way) => way.from === from),
    );
    return [...ways, ...senders.map((from) => ({ from, to: role.name, ports: [] }))];
  });
}

/** On one of the role's hosts at least; where none of them is ours, by the inventory alone. */
function isOpen(role: Role, { when }: PortFact, { hosts, vars }: Pick<Inventory, 'hosts' | 'vars'>): boolean {
  const ours = hosts.filter((host) => host.role === role.name && host.state !== 'retired');
  const known = ours.length === 0 ? [{ vars }] : ours;
  return known.some((one) => holds(when, { vars: one.vars }));
}

type Port = PictureBeginning['ways'][number]['ports'][number];

/** Where clusterproxy itself logs in: a playbook can only name the usual port. */
function isSsh(from: string, { port, protocol, purpose }: Port): boolean {
  return from === 'operators' && port === '22' && protocol === 'tcp' && purpose === 'ssh';
}

/** The same by what the inventory says of the hosts; where it says nothing, the usual port. */
function sshPortsOf(role: string, hosts: Inventory['hosts'], usual: Port): readonly Port[] {
  const given = hosts
    .filter((host) => host.role === role && host.state !== 'retired')
    .map(({ ssh }) => String(ssh.port ?? usual.port));
  const ports = [...new Set(given)].sort((one, other) => Number(one) - Number(other));
  return ports.length === 0 ? [usual] : ports.map((port) => ({ ...usual, port }));
}

/**
 * Nothing for a port that is switched off, or that depends on more than a variable, nor for what has none.
 */
function portOf({ port, protocol, purpose }: PortFact, vars: Inventory['vars']): readonly Port[] {
  // Between hosts of one role: nobody's way to another.
  if (protocol === 'vrrp') return [];
  const variable = /^\{\{\s*vars\.(\w+)\s*\}\}$/.exec(port)?.[1];
  const number = variable === undefined ? port : String(vars[variable] ?? '');
  return /^[1-9]\d*(?:-\d+)?$/.test(number) ? [{ port: number, protocol, purpose }] : [];
}
