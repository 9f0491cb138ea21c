import { isIP } from 'node:net';
import { z } from 'zod';
import type { StepHost } from '../../virtual/step-host.ts';
import { addressOrNetwork, isAddress } from '../shared/parameters.ts';

/**
 * Who may connect to a service that a step sets up: parameters that xinetd-service and socket-service share.
 */
export const allowedClients = {
  only_from: z.array(addressOrNetwork).default([]).describe('addresses and networks that may connect'),
  hosts: z
    .array(z.looseObject({ name: z.string(), address: z.string() }))
    .default([])
    .describe(
      'hosts that may connect; `{{ hosts.balancer }}` will do. An address that is a name is looked up on this host',
    ),
  loopback: z.boolean().default(true).describe('this host itself may connect'),
};

interface AllowedClients {
  readonly only_from: readonly string[];
  readonly hosts: readonly { readonly name: string; readonly address: string }[];
  readonly loopback: boolean;
}

/** The names to be looked up. Parameters may not be filled in yet. */
export function clientNames(wanted: Partial<AllowedClients>): readonly string[] {
  if (!Array.isArray(wanted.hosts)) return [];
  return wanted.hosts.map(({ address }) => address).filter((address) => isIP(address) === 0);
}

/**
 * All addresses and networks that may connect, each once. Nobody but this host itself is an error: the
 * service would be of no use.
 */
export function clientAddresses(host: StepHost, wanted: AllowedClients): readonly string[] {
  const others = [...wanted.only_from, ...wanted.hosts.flatMap((one) => addressesOf(host, one))];
  if (others.length === 0) {
    throw host.problem(
      'nobody-allowed',
      'nobody may connect to this service but this host itself',
      'name addresses in "only_from", or hosts in "hosts"',
    );
  }
  return [...new Set([...(wanted.loopback ? ['127.0.0.1', '::1'] : []), ...others])];
}

function addressesOf(host: StepHost, { name, address }: AllowedClients['hosts'][number]): readonly string[] {
  if (isAddress(address)) return [address];
  if (isIP(address) !== 0) {
    throw host.problem(
      'address-with-zone',
      `${name} has the address ${address}, and a zone (${address.slice(address.indexOf('%'))}) means nothing to the program that is to let it in`,
      `give ${name} an address without a zone that this host is reached from, or name that in "only_from"`,
    );
  }
  const addresses = host.addresses(address);
  if (addresses.length > 0) return addresses;
  throw host.problem(
    'name-does-not-resolve',
    `${address}, the address of ${name}, doesn't resolve on this host, so it isn't known from where ${name} will connect`,
    'add the name to DNS or to /etc/hosts on this host, or name the address in "only_from"',
  );
}
