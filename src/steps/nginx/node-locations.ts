import { isIP } from 'node:net';
import { z } from 'zod';
import type { Problem } from '../../model/operator-error.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { hostname, isAddress } from '../shared/parameters.ts';

const location = z.strictObject({
  path: z
    .string()
    .regex(/^(?:\/[A-Za-z0-9._~-]+)+\/?$/, 'expected a path such as /name/html5client/')
    .describe('the beginning of requests on the proxy'),
  target: z
    .string()
    .regex(/^https?:\/\/[A-Za-z0-9.-]+(?::\d+)?(?:\/[A-Za-z0-9._~/-]*)?$/, 'expected an address of the node')
    .describe('what replaces it: an address on the node'),
  hashed_files: z
    .boolean()
    .default(false)
    .describe('names of files there may have a hash of their contents: such a file never changes'),
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
    given_address: z
      .string()
      .optional()
      .describe('an IP address or a name at which the proxy reaches the node, if not at its hostname'),
    state: z
      .enum(['active', 'off', 'leaving', 'retired'])
      .default('active')
      .describe('off: switched off, as it may be; leaving: to be retired, but not restored yet'),
    known: z.boolean().default(true).describe('whether the node could be inspected'),
    recipe: relayed.nullish(),
    locations: z.array(location).optional(),
    verify: z.boolean().optional(),
  })
  .transform((given) => ({
    name: given.name,
    hostname: given.hostname,
    address: given.given_address,
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

/** What tells where a node is. */
export type Whereabouts = Pick<Node, 'name' | 'hostname'> & Partial<Pick<Node, 'address'>>;

/** The names that a proxy has to look up for a node. */
export function namesOf({ hostname: name, address }: Whereabouts): readonly string[] {
  const isName = address !== undefined && isIP(address) === 0 && hostname.safeParse(address).success;
  return isName && address !== name ? [name, address] : [name];
}

/**
 * Where a proxy reaches a node: at the address that the inventory gives, where that is an IP address or a
 * name that the proxy resolves (it may as well be a `Host` that only the operator's ssh knows), or else at
 * its hostname. Undefined if it resolves neither.
 */
export function reachedAt(proxy: Snapshot, node: Whereabouts): string | undefined {
  const { hostname: name, address } = node;
  if (address !== undefined && isAddress(address)) return address;
  const other = namesOf(node)[1];
  if (other !== undefined && (proxy.names.get(other)?.length ?? 0) > 0) return other;
  return proxy.names.get(name)?.length === 0 ? undefined : name;
}

/** Names of the nodes that the proxy can't find. */
export function unresolvedNodes(proxy: Snapshot, nodes: readonly Whereabouts[]): readonly string[] {
  return nodes.filter((one) => reachedAt(proxy, one) === undefined).map(({ name }) => name);
}

/** What this means for the node's own plan: it must not send anybody to a proxy that can't reach it. */
export function unresolvedProblem(proxy: string, node: Pick<Node, 'name' | 'hostname'>): Problem {
  return {
    code: 'name-does-not-resolve',
    message: `the proxy ${proxy} can't resolve ${node.hostname}, so it can't relay pages of this node`,
    next: `make ${node.hostname} resolve on ${proxy} (getent ahosts ${node.hostname}), or give the node an IP address in "address", then plan again`,
    host: node.name,
  };
}

/** What a location needs beside the node. */
export interface Relaying {
  /** undefined: certificates are left to somebody else */
  readonly trust?: Trust | undefined;
  /** where the proxy reaches the node; its hostname if left out */
  readonly address?: string | undefined;
  /** the zone of nginx in which copies of files are kept; undefined: none are */
  readonly cacheZone?: string | undefined;
}

/**
 * One node's locations for nginx, without markers. They are plain prefixes with `^~`, which no regular
 * expression overrides.
 */
export function renderNode(relay: Node, relaying: Relaying): string {
  return relay.locations.map((one) => renderLocation(relay, one, relaying)).join('\n');
}

/**
 * The locations of all nodes, for a proxy that somebody else maintains, to be put into its server block.
 * Checking the nodes' certificates is left to them, since they know where the authorities are.
 */
export function renderLocations(nodes: readonly Node[]): string {
  return relayedNodes(nodes)
    .map((relay) => `# ${relay.name}\n${renderNode(relay, {})}`)
    .join('\n');
}

function renderLocation(
  relay: Node,
  { path, target, hashed_files: hasHashedFiles }: Node['locations'][number],
  { trust, address = relay.hostname, cacheZone }: Relaying,
): string {
  const name = new URL(target).hostname;
  const isElsewhere = name === relay.hostname && address !== relay.hostname;
  const base = isElsewhere ? withHost(target, address) : target;
  // A regular expression can't put one path in the place of another.
  const isCached = cacheZone !== undefined && hasHashedFiles && new URL(target).pathname === path;
  const lines = [
    `proxy_pass ${base};`,
    ...(isElsewhere ? [`proxy_set_header Host ${name};`] : []),
    'proxy_http_version 1.1;',
    'proxy_set_header Upgrade $http_upgrade;',
    'proxy_set_header Connection "Upgrade";',
    ...(target.startsWith('https:') ? tls(relay, name, trust) : []),
    // The path without its trailing slash: the redirect must not contain a scheme or port that only this host
    // uses.
    'absolute_redirect off;',
    ...(isCached ? cacheLines(base.slice(0, -path.length), cacheZone) : []),
  ];
  return `location ^~ ${path} {\n${lines.map((line) => `    ${line}\n`).join('')}}\n`;
}

/**
 * Copies of the files whose names have a hash, such as `bundle.0123456789abcdef0123.js`: no other file, since
 * one that keeps its name would stay as it was after an upgrade of the node. A location of its own within the
 * client's, which wins over regular expressions of the server.
 */
function cacheLines(node: string, zone: string): readonly string[] {
  return [
    String.raw`location ~ "/(?:[^/]*[._-])?[0-9a-f]{16,64}\.[a-z0-9]+$" {`,
    `    proxy_pass ${node};`,
    `    proxy_cache ${zone};`,
    '    proxy_cache_valid 200 7d;',
    '    proxy_cache_lock on;',
    '    proxy_cache_use_stale error timeout updating http_500 http_502 http_503 http_504;',
    '}',
  ];
}

function withHost(target: string, address: string): string {
  const [, scheme = '', port = '', rest = ''] = /^(\w+:\/\/)[^/:]+(:\d+)?(.*)$/.exec(target) ?? [];
  return `${scheme}${isIP(address) === 6 ? `[${address}]` : address}${port}${rest}`;
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
