import { isIP } from 'node:net';
import type { StepHost } from '../../virtual/step-host.ts';

/** One of a playbook's `hosts.ROLE`, as far as it's needed. */
interface RoleHost {
  readonly name: string;
  readonly address: string;
  readonly state?: unknown;
}

/**
 * The addresses at which this host reaches the others of its role that stay: numbers, since a daemon whose
 * configuration has a name that doesn't resolve doesn't start. Throws an OperatorError where one isn't known.
 */
export function othersOf(
  host: StepHost,
  { own, hosts }: { readonly own: string; readonly hosts: readonly RoleHost[] },
): readonly string[] {
  return hosts
    .filter(({ name, state }) => name !== own && state !== 'retired')
    .map((other) => addressOf(host, other));
}

function addressOf(host: StepHost, { name, address }: RoleHost): string {
  if (isIP(address) !== 0) return address;
  const [first] = host.addresses(address).filter((one) => one !== '::1' && !one.startsWith('127.'));
  if (first !== undefined) return first;
  throw host.problem(
    'peer-address-unknown',
    `${name} has the address ${address} in the inventory, which this host can't resolve`,
    `give ${name} an IP address in \`address\`, or a name that resolves to one on this host`,
  );
}
