import { isIP } from 'node:net';
import { askAddresses, type InterfaceAddress, interfaceAddresses } from '../../model/interface-addresses.ts';
import type { StepHost } from '../../virtual/step-host.ts';

/** One of a playbook's `hosts.ROLE`, as far as it's needed. */
export interface PairHost {
  readonly name: string;
  readonly address: string;
}

/** The addresses of a family by which this host knows another one of the role, or itself. */
export function knownAddresses(host: StepHost, { address }: PairHost, family: number): readonly string[] {
  const all = isIP(address) === 0 ? host.addresses(address) : [address];
  return all.filter((one) => isIP(one) === family && !isLoopback(one));
}

/** This host's own address, as others of the role know it, and where it is. */
export function ownAddress(host: StepHost, own: PairHost, virtual: string): InterfaceAddress {
  const family = isIP(virtual);
  const answer = host.answer(askAddresses);
  if (answer === undefined || answer.status !== 0) {
    throw host.problem(
      'addresses-unknown',
      `what addresses this host has can't be asked: ${answer?.output.trim() || '`ip -o address show` gave no answer'}`,
      'install iproute2 (iproute on Red Hat and its derivatives) on it',
    );
  }
  const found = interfaceAddresses(answer.output);
  const known = knownAddresses(host, own, family).filter((one) => one !== virtual);
  const at = found.find(({ address }) => known.includes(address));
  if (at !== undefined) return at;
  const kind = `IPv${family}`;
  const has = found.filter(({ address }) => isIP(address) === family && address !== virtual);
  const listed = has.map((one) => `${one.address} on ${one.interface}`).join(', ');
  const says = known.length === 0 ? `no ${kind} address` : known.join(', ');
  throw host.problem(
    'own-address-not-found',
    `the inventory's address of ${own.name} is ${own.address} (${says} here), which is on none of this host's interfaces; it has ${listed || `no ${kind} address`}`,
    `give ${own.name} an ${kind} address of its own in \`address\`, by which the others of its role reach it, and in \`ssh: {address: …}\` the one that you reach it by`,
  );
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}
