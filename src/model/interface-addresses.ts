import { isIP, SocketAddress } from 'node:net';
import type { Query } from './reads.ts';

/** What tells a host's addresses and on which interface each is. */
export const askAddresses: Query = { kind: 'command', args: ['ip', '-o', 'address', 'show'] };

/** An address of a host on one of its interfaces. */
export interface InterfaceAddress {
  readonly interface: string;
  readonly address: string;
}

/**
 * The addresses in the output of `ip -o address show`, each line of which is `2: eth0    inet 192.0.2.5/24
 * …`, without those that mean something on one link alone. Source: ip-address(8).
 */
export function interfaceAddresses(output: string): readonly InterfaceAddress[] {
  return output.split('\n').flatMap((line) => {
    const [, name, address = ''] = /^\d+:\s+([^\s@]+)\S*\s+inet6?\s+([^\s/]+)/.exec(line) ?? [];
    const isLocal = /\sscope\s+(?:link|host)\b/.test(line);
    return name === undefined || isLocal || isIP(address) === 0 ? [] : [{ interface: name, address }];
  });
}

/** An IP address as the operating system writes it (RFC 5952); any other text as it is. */
export function canonicalAddress(text: string): string {
  const family = isIP(text);
  if (family === 0 || text.includes('%')) return text;
  return new SocketAddress({ address: text, family: family === 6 ? 'ipv6' : 'ipv4' }).address;
}
