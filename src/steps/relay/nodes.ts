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

/** Nodes to which a proxy should pass requests on. */
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
