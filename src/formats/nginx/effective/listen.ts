import { isIP } from 'node:net';

/** An address and port on which a server block listens, as one `listen` directive says. */
export interface Listen {
  /** `name`: a host's name, which nginx looks up when it loads */
  readonly family: 'ipv4' | 'ipv6' | 'unix' | 'name';
  /** `*` for every address of the family */
  readonly address: string;
  /** 0 for a Unix socket */
  readonly port: number;
  /** it answers there where no server block has the name */
  readonly isDefault: boolean;
  readonly ssl: boolean;
  readonly proxyProtocol: boolean;
  /** `[::]` that takes connections by IPv4 as well */
  readonly alsoIpv4: boolean;
}

/**
 * What a `listen` directive means; several for a range of ports. None for one over UDP (`quic`, and `udp` in
 * `stream`), and for one that can't be understood. Source: ngx_parse_url in ngx_inet.c and
 * ngx_http_core_listen in ngx_http_core_module.c.
 */
export function listensOf([target = '', ...options]: readonly string[]): readonly Listen[] {
  if (options.includes('quic') || options.includes('udp')) return [];
  const flags = {
    isDefault: options.includes('default_server') || options.includes('default'),
    ssl: options.includes('ssl'),
    proxyProtocol: options.includes('proxy_protocol'),
    alsoIpv4: false,
  };
  if (target.startsWith('unix:')) return [{ family: 'unix', address: target.slice(5), port: 0, ...flags }];
  const six = /^\[([^\]]+)\](?::(\d+)(?:-(\d+))?)?$/.exec(target);
  if (six !== null) {
    const address = ipv6(six[1] ?? '');
    if (address === undefined) return [];
    const alsoIpv4 = address === '*' && options.includes('ipv6only=off');
    return portsOf(six[2], six[3]).map((port) => ({ family: 'ipv6', address, port, ...flags, alsoIpv4 }));
  }
  const bare = /^(\d+)(?:-(\d+))?$/.exec(target);
  const [, host = '', first, last] = /^([^:]+)(?::(\d+)(?:-(\d+))?)?$/.exec(target) ?? [];
  if (bare !== null)
    return portsOf(bare[1], bare[2]).map((port) => ({ family: 'ipv4', address: '*', port, ...flags }));
  if (host === '') return [];
  const isAny = host === '*' || host === '0.0.0.0';
  const family = isAny || isIP(host) === 4 ? 'ipv4' : 'name';
  return portsOf(first, last).flatMap((port): readonly Listen[] =>
    host.toLowerCase() === 'localhost'
      ? [
          { family: 'ipv4', address: '127.0.0.1', port, ...flags },
          { family: 'ipv6', address: '::1', port, ...flags },
        ]
      : [{ family, address: isAny ? '*' : host.toLowerCase(), port, ...flags }],
  );
}

/** Where a server block listens that doesn't say so, if root starts nginx. */
export const usualListen: Listen = {
  family: 'ipv4',
  address: '*',
  port: 80,
  isDefault: false,
  ssl: false,
  proxyProtocol: false,
  alsoIpv4: false,
};

/** Whether only programs on the same host can connect there. */
export function isLocal({ family, address }: Pick<Listen, 'family' | 'address'>): boolean {
  return family === 'unix' || /^127\./.test(address) || address === '::1';
}

function portsOf(first = '80', last = first): readonly number[] {
  const [from, to] = [Number(first), Number(last)];
  if (from > 65_535 || to > 65_535 || to < from) return [];
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** In the form in which all writings of an address are the same. */
function ipv6(text: string): string | undefined {
  if (isIP(text) !== 6) return undefined;
  const address = new URL(`http://[${text.replace(/%.*/, '')}]`).hostname.slice(1, -1);
  return address === '::' ? '*' : address;
}
