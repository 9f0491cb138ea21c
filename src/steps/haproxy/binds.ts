import type { Section } from '../../formats/haproxy.ts';

/** One address of a `bind` line. */
export interface BoundAddress {
  /** without brackets; '' for all addresses */
  readonly address: string;
  readonly first: number;
  readonly last: number;
  readonly isSecure: boolean;
  /** it takes connections of IPv6 only */
  readonly isOnlyV6: boolean;
  /** counts from 1 */
  readonly line: number;
}

/**
 * Where a section listens for TCP. An address that is an environment variable counts as all of them; a port
 * that is one can't be known. Source: HAProxy's configuration manual, `bind`.
 */
export function bindsOf({ lines }: Section): readonly BoundAddress[] {
  return lines
    .filter(({ name }) => name === 'bind')
    .flatMap(({ args: [addresses = '', ...options], line }) =>
      addresses.split(',').flatMap((one) => {
        const [, family = '', address = '', first = '', last = first] =
          /^(?:(ipv4|ipv6|ipv4@|ipv6@)@)?(.*):(\d+)(?:-(\d+))?$/.exec(one) ?? [];
        if (first === '' || /^(?:unix|fd|abns|quic[46]|udp[46]?|sockpair|rhttp)@/.test(one)) return [];
        const plain = address.replace(/^(?:ipv[46]|tcp[46]?)@/, '').replace(/^\[(.*)\]$/, '$1');
        const isEvery = plain === '' || plain === '*' || plain === '0.0.0.0' || plain.includes('$');
        const isV6 = plain === '::' || family === 'ipv6' || /^(?:ipv6|tcp6)@/.test(address);
        return [
          {
            address: isEvery || plain === '::' ? '' : plain,
            first: Number(first),
            last: Number(last),
            isSecure: options.includes('ssl'),
            isOnlyV6: isV6 ? isEvery || options.includes('v6only') : plain.includes(':'),
            line,
          },
        ];
      }),
    );
}

/** Whether only this host itself can connect there. */
export function isLoopback({ address }: BoundAddress): boolean {
  return address === '::1' || address === 'localhost' || address.startsWith('127.');
}

/** Whether it listens on a port. */
export function hasPort({ first, last }: BoundAddress, port: number): boolean {
  return first <= port && port <= last;
}
