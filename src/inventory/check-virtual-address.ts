import { valueAt } from '../document/found-value.ts';
import type { YamlDocument } from '../document/yaml-document.ts';
import { canonicalAddress } from '../model/interface-addresses.ts';
import type { Problem } from '../model/operator-error.ts';
import type { Playbook } from '../model/playbook.ts';
import { type HostEntry, mapOf, textOf } from './host-entries.ts';
import { movers } from './virtual-address.ts';

/** The step module that moves an address: a role that has such a step can have one. */
const mover = 'keepalived';

/**
 * Checks `cluster.virtual_address` against the hosts and the playbook. That it is written wrong is found by
 * its form.
 */
export function checkVirtualAddress(
  document: YamlDocument,
  playbook: Playbook | undefined,
  hosts: readonly HostEntry[],
): readonly Problem[] {
  const path = ['cluster', 'virtual_address'];
  const given = valueAt(document.value, path);
  if (given === undefined || given === null) return [];
  const at = typeof given === 'string' ? path : [...path, 'address'];
  const address = typeof given === 'string' ? given : textOf(mapOf(given), 'address');
  return [
    ...(playbook === undefined ? [] : checkRole(document, playbook, hosts)),
    ...(address === undefined ? [] : checkOwn(document, at, address, hosts)),
  ];
}

function checkRole(
  document: YamlDocument,
  playbook: Playbook,
  hosts: readonly HostEntry[],
): readonly Problem[] {
  const path = ['cluster', 'virtual_address'];
  const role = playbook.roles.find(({ steps }) => steps.some(({ module }) => module === mover));
  if (role === undefined) {
    return [
      document.problem(path, {
        part: 'key',
        code: 'virtual-address-not-used',
        message: `the playbook ${playbook.name} does nothing with a virtual address: none of its steps is ${mover}`,
        next: 'remove the key, and let whatever moves the address be set up elsewhere',
      }),
    ];
  }
  const by = valueAt(document.value, [...path, 'by']);
  if (typeof by === 'string' && movers.some((one) => one === by) && !isMovedBy(role, by)) {
    return [
      document.problem([...path, 'by'], {
        code: 'virtual-address-not-used',
        message: `the playbook ${playbook.name} does nothing with a virtual address that is moved by: ${by}`,
        next: `write one of ${movers.filter((one) => isMovedBy(role, one)).join(', ')}`,
      }),
    ];
  }
  const count = hosts.filter((host) => host.role === role.name).length;
  // Whoever else moves it may move it to a host that isn't ours.
  if (count >= (by === 'external' ? 1 : 2)) return [];
  return [
    document.problem(path, {
      part: 'key',
      code: 'virtual-address-alone',
      message: `a virtual address moves between hosts, and the role ${role.name} has ${count === 0 ? 'none in this inventory' : 'only one'}`,
      next: `list at least two hosts of ${role.name} (one that is retired counts); write \`by: external\` if somebody else moves it; or remove virtual_address, and the next apply takes it from the host that is left`,
    }),
  ];
}

/** Whether the role sets something up, or asks something, where the address is moved so. */
function isMovedBy({ steps, verify }: Playbook['roles'][number], by: string): boolean {
  const parts = [
    ...steps.filter(({ module }) => module === mover),
    ...verify.filter(({ question }) => question.kind === 'virtual-address'),
  ];
  return parts.some(({ when }) => when['cluster.virtual_address_by']?.includes(by) ?? true);
}

/** Two hosts would answer for it as soon as it moves to the other. */
function checkOwn(
  document: YamlDocument,
  path: readonly string[],
  address: string,
  hosts: readonly HostEntry[],
): readonly Problem[] {
  const wanted = canonicalAddress(address);
  const owner = hosts.find(({ data }) =>
    [textOf(data, 'address'), textOf(mapOf(valueAt(data, ['ssh'])), 'address')].some(
      (own) => own !== undefined && canonicalAddress(own) === wanted,
    ),
  );
  if (owner === undefined) return [];
  return [
    document.problem([...path], {
      code: 'virtual-address-taken',
      message: `${address} is the address of ${textOf(owner.data, 'name') ?? 'a host'} itself (line ${document.location(owner.path).line})`,
      next: 'choose an address that no host has as its own, and give each host its own in `address`',
    }),
  ];
}
