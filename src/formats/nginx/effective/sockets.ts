import type { EffectiveServer } from './configuration.ts';
import type { Listen } from './listen.ts';
import { type Conflict, type MatchedBy, ServerNames } from './server-names.ts';

/** An address and port, and who listens there, in nginx's order. What one `listen` asks for counts for all. */
export interface Socket extends Pick<Listen, 'family' | 'address' | 'port' | 'alsoIpv4'> {
  readonly servers: readonly EffectiveServer[];
  /** it answers where none has the name */
  readonly defaultServer: EffectiveServer;
  readonly ssl: boolean;
  readonly proxyProtocol: boolean;
  readonly conflicts: readonly Conflict<EffectiveServer>[];
  /** who answers for a name */
  answer(name: string): ServerAnswer;
}

export interface ServerAnswer {
  readonly server: EffectiveServer;
  /** `default`: none has the name */
  readonly by: MatchedBy | 'default';
}

/**
 * The addresses on which a configuration listens. Source: ngx_http_add_listen, ngx_http_add_server and
 * ngx_http_optimize_servers in ngx_http.c.
 */
export function socketsOf(servers: readonly EffectiveServer[], hostname?: string): readonly Socket[] {
  const grouped = new Map<string, [EffectiveServer, Listen][]>();
  for (const server of servers) {
    for (const listen of server.listen) {
      const key = `${listen.family} ${listen.address} ${listen.port}`;
      const there = grouped.get(key) ?? [];
      grouped.set(key, there);
      there.push([server, listen]);
    }
  }
  return [...grouped.values()].flatMap((members) => socketOf(members, hostname) ?? []);
}

function socketOf(
  members: readonly (readonly [EffectiveServer, Listen])[],
  hostname?: string,
): Socket | undefined {
  const [first] = members;
  if (first === undefined) return undefined;
  const [defaultServer] = members.find(([, { isDefault }]) => isDefault) ?? first;
  const servers = [...new Set(members.map(([server]) => server))];
  const names = new ServerNames(
    servers.map((server) => ({ server, names: server.names })),
    hostname,
  );
  const listens = members.map(([, listen]) => listen);
  const { family, address, port } = first[1];
  return {
    ...{ family, address, port, servers, defaultServer },
    alsoIpv4: listens.some(({ alsoIpv4 }) => alsoIpv4),
    ssl: listens.some(({ ssl }) => ssl),
    proxyProtocol: listens.some(({ proxyProtocol }) => proxyProtocol),
    // nginx doesn't look at the names of the only one.
    conflicts: servers.length > 1 ? names.conflicts : [],
    answer: (name) => names.find(name) ?? { server: defaultServer, by: 'default' },
  };
}

/**
 * The socket that takes a connection to an address of the host: one of that very address, or else the one for
 * all addresses. Undefined if nobody listens. Source: ngx_http_init_connection in ngx_http_request.c, and
 * ip(7) for addresses.
 */
export function socketAt(
  sockets: readonly Socket[],
  { address, port }: { readonly address: string; readonly port: number },
): Socket | undefined {
  const there = sockets.filter((one) => one.port === port);
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  return (
    there.find((one) => one.address === address) ??
    there.find((one) => one.family === family && one.address === '*') ??
    there.find((one) => family === 'ipv4' && one.alsoIpv4)
  );
}
