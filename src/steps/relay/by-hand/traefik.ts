import { stringify } from 'yaml';
import { type NodeRelays, type Relay, serverUrl } from '../relays.ts';

/**
 * Dynamic configuration for the file provider of Traefik 3, whose `PathPrefix` is literal
 * (https://doc.traefik.io/traefik/routing/routers/). `websecure` is the entry point of its documentation.
 */
export function traefikRouters(nodes: readonly NodeRelays[], hostname: string): string {
  const all = nodes.flatMap(({ node, relays }) =>
    relays.map((relay, index) => ({ relay, name: `${node}-${index + 1}` })),
  );
  const dynamic = {
    http: {
      routers: Object.fromEntries(all.map((one) => [one.name, router(one, hostname)])),
      middlewares: Object.fromEntries(all.flatMap(middlewares)),
      services: Object.fromEntries(all.map((one) => [one.name, service(one)])),
      serversTransports: Object.fromEntries(all.map(({ relay, name }) => [name, { serverName: relay.name }])),
    },
  };
  return stringify(dynamic, { lineWidth: 0 });
}

interface Named {
  readonly relay: Relay;
  readonly name: string;
}

function router({ relay, name }: Named, hostname: string) {
  const { path } = relay;
  const bare = path.endsWith('/') ? ` || Path(\`${path.slice(0, -1)}\`)` : '';
  return {
    entryPoints: ['websecure'],
    rule: `Host(\`${hostname}\`) && (PathPrefix(\`${path}\`)${bare})`,
    service: name,
    middlewares: middlewares({ relay, name }).map(([middleware]) => middleware),
    tls: {},
  };
}

function middlewares({ relay: { path, targetPath }, name }: Named): readonly (readonly [string, object])[] {
  const bare = path.endsWith('/') ? path.slice(0, -1) : undefined;
  return [
    ...(bare === undefined
      ? []
      : [
          [
            `${name}-slash`,
            {
              redirectRegex: {
                regex: `^https://([^/]+)${literal(bare)}(\\?.*)?$`,
                replacement: `https://$1${path}$2`,
                permanent: true,
              },
            },
          ] as const,
        ]),
    ...(path === targetPath
      ? []
      : [
          [
            `${name}-path`,
            { replacePathRegex: { regex: `^${literal(path)}(.*)`, replacement: `${targetPath}$1` } },
          ] as const,
        ]),
  ];
}

function service({ relay, name }: Named) {
  return {
    loadBalancer: {
      passHostHeader: false,
      ...(relay.scheme === 'https' ? { serversTransport: name } : {}),
      servers: [{ url: serverUrl(relay) }],
    },
  };
}

function literal(path: string): string {
  return path.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
