import { z } from 'zod';
import type { Problem } from '../../model/operator-error.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { hostname } from '../shared/parameters.ts';

const location = z.strictObject({
  path: z
    .string()
    .regex(/^(?:\/[A-Za-z0-9._~-]+)+\/?$/, 'expected a path such as /name/html5client/')
    .describe('the beginning of requests on the proxy'),
  target: z
    .string()
    .regex(/^https?:\/\/[A-Za-z0-9.-]+(?::\d+)?(?:\/[A-Za-z0-9._~/-]*)?$/, 'expected an address of the node')
    .describe('what replaces it: an address on the node'),
});

const relayed = z.object({ locations: z.array(location), verify: z.boolean().default(true) });

/**
 * A node as known to the proxy: one of a playbook's `hosts.ROLE`, whose recipe says which locations it has.
 * Other keys of such a host are ignored.
 */
export const node = z
  .object({
    name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'expected the name of a node'),
    hostname,
    state: z
      .enum(['active', 'leaving', 'retired'])
      .default('active')
      .describe('leaving: to be retired, but not restored yet'),
    known: z.boolean().default(true).describe('whether the node could be inspected'),
    recipe: relayed.nullish(),
    locations: z.array(location).optional(),
    verify: z.boolean().optional(),
  })
  .transform((given) => ({
    name: given.name,
    hostname: given.hostname,
    state: given.state,
    known: given.known && (given.locations ?? given.recipe) !== undefined,
    locations: given.locations ?? given.recipe?.locations ?? [],
    verify: given.verify ?? given.recipe?.verify ?? true,
  }));

export type Node = z.infer<typeof node>;

/** How a node's certificate is checked. */
export interface Trust {
  readonly certificates: string;
  readonly depth: number;
}

/**
 * Nodes that should have locations: nginx resolves their names when it loads, and a name that doesn't resolve
 * stops it.
 */
export function relayedNodes(nodes: readonly Node[]): readonly Node[] {
  return nodes.filter(({ state, known }) => state === 'active' && known);
}

/** Names of the nodes whose hostname the proxy can't resolve. */
export function unresolvedNodes(
  proxy: Snapshot,
  nodes: readonly Pick<Node, 'name' | 'hostname'>[],
): readonly string[] {
  return nodes.filter(({ hostname: name }) => proxy.names.get(name)?.length === 0).map(({ name }) => name);
}

/** What this means for the node's own plan: it must not send anybody to a proxy that can't reach it. */
export function unresolvedProblem(proxy: string, node: Pick<Node, 'name' | 'hostname'>): Problem {
  return {
    code: 'name-does-not-resolve',
    message: `the proxy ${proxy} can't resolve ${node.hostname}, so it can't relay pages of this node`,
    next: `make ${node.hostname} resolve on ${proxy} (getent ahosts ${node.hostname}), then plan again`,
    host: node.name,
  };
}

/**
 * One node's locations for nginx, without markers. They are plain prefixes with `^~`, which no regular
 * expression overrides.
 */
export function renderNode(relay: Node, trust: Trust | undefined): string {
  return relay.locations.map((one) => renderLocation(relay, one, trust)).join('\n');
}

/**
 * The locations of all nodes, for a proxy that somebody else maintains, to be put into its server block.
 * Checking the nodes' certificates is left to them, since they know where the authorities are.
 */
export function renderLocations(nodes: readonly Node[]): string {
  return relayedNodes(nodes)
    .map((relay) => `# ${relay.name}\n${renderNode(relay, undefined)}`)
    .join('\n');
}

function renderLocation(
  relay: Node,
  { path, target }: Node['locations'][number],
  trust: Trust | undefined,
): string {
  const lines = [
    `proxy_pass ${target};`,
    'proxy_http_version 1.1;',
    'proxy_set_header Upgrade $http_upgrade;',
    'proxy_set_header Connection "Upgrade";',
    ...(target.startsWith('https:') ? tls(relay, new URL(target).hostname, trust) : []),
    // The path without its trailing slash: the redirect must not contain a scheme or port that only this host
    // uses.
    'absolute_redirect off;',
  ];
  return `location ^~ ${path} {\n${lines.map((line) => `    ${line}\n`).join('')}}\n`;
}

/** By default, nginx sends no server name and checks no certificate. Source: ngx_http_proxy_module. */
function tls(relay: Node, name: string, trust: Trust | undefined): readonly string[] {
  const named = ['proxy_ssl_server_name on;', `proxy_ssl_name ${name};`];
  if (!relay.verify || trust === undefined) return named;
  return [
    ...named,
    'proxy_ssl_verify on;',
    `proxy_ssl_verify_depth ${trust.depth};`,
    `proxy_ssl_trusted_certificate ${trust.certificates};`,
  ];
}
