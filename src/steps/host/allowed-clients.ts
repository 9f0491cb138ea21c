import { isIP } from 'node:net';
import { z } from 'zod';
import type { StepHost } from '../../virtual/step-host.ts';
import { addressOrNetwork, isAddress } from '../shared/parameters.ts';

/**
 * Who may connect to a service that a step sets up: parameters shared by xinetd-service and socket-service.
 */
export const allowedClients = {
  only_from: z.array(addressOrNetwork).default([]).describe('addresses and networks that may connect'),
  hosts: z
    .array(z.looseObject({ name: z.string(), address: z.string() }))
    .default([])
    .describe(
      'hosts that may connect, such as `{{ hosts.balancer }}`; an address that is a name is resolved on this host',
    ),
  loopback: z.boolean().default(true).describe('whether this host itself may connect'),
};

interface AllowedClients {
  readonly only_from: readonly string[];
  readonly hosts: readonly { readonly name: string; readonly address: string }[];
  readonly loopback: boolean;
}

/** The names to be resolved. Parameters may not have been filled in yet. */
export function clientNames(wanted: Partial<AllowedClients>): readonly string[] {
  if (!Array.isArray(wanted.hosts)) return [];
  return wanted.hosts.map(({ address }) => address).filter((address) => isIP(address) === 0);
}

/**
 * All addresses and networks that may connect, each once. It is an error if only this host may connect, since
 * the service would be useless.
 */
export function clientAddresses(host: StepHost, wanted: AllowedClients): readonly string[] {
  const others = [...wanted.only_from, ...wanted.hosts.flatMap((one) => addressesOf(host, one))];
  if (others.length === 0) {
    throw host.problem(
      'nobody-allowed',
      'only this host itself may connect to this service',
      'list addresses in "only_from", or hosts in "hosts"',
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
    `${address}, the address of ${name}, doesn't resolve on this host, so the address from which ${name} will connect is unknown`,
    'add the name to DNS or to /etc/hosts on this host, or list the address in "only_from"',
  );
}
