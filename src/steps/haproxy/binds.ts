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
        const bound = boundTo(one, options);
        return bound === undefined ? [] : [{ ...bound, isSecure: options.includes('ssl'), line }];
      }),
    );
}

/** Undefined for what isn't TCP: a socket of another kind, or QUIC. */
function boundTo(
  text: string,
  options: readonly string[],
): Omit<BoundAddress, 'isSecure' | 'line'> | undefined {
  const [, family = '', given = '', first, last = first] =
    /^(?:(ipv4|ipv6|tcp|tcp4|tcp6)@)?(.*):(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  if (first === undefined || given.includes('@')) return undefined;
  const plain = given.replace(/^\[(.*)\]$/, '$1');
  const isEvery = ['', '*', '0.0.0.0', '::'].includes(plain) || plain.includes('$');
  const isV6 = plain.includes(':') || family === 'ipv6' || family === 'tcp6';
  return {
    address: isEvery ? '' : plain,
    first: Number(first),
    last: Number(last),
    // All addresses of IPv6 are those of IPv4 as well, unless the line says otherwise.
    isOnlyV6: isV6 && (!isEvery || options.includes('v6only')),
  };
}

/** Whether only this host itself can connect there. */
export function isLoopback({ address }: BoundAddress): boolean {
  return address === '::1' || address === 'localhost' || address.startsWith('127.');
}

/** Whether it listens on a port. */
export function hasPort({ first, last }: BoundAddress, port: number): boolean {
  return first <= port && port <= last;
}
