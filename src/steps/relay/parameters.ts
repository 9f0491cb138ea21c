import { z } from 'zod';
import { absolutePath } from '../shared/parameters.ts';
import { type Node, node } from './nodes.ts';

/** The parameters that a step has which lets a proxy pass requests on to nodes, whatever its software. */
export const relayParameters = {
  nodes: z
    .union([z.literal('').transform((): Node[] => []), z.array(node)])
    .describe(
      'the nodes, such as {{ hosts.node }}: name, hostname, state, known, and locations or a recipe with them',
    ),
  trusted_certificate: z
    .union([z.literal(''), absolutePath])
    .default('')
    .describe("authorities that sign the nodes' certificates; empty: those of the system"),
  verify_depth: z.int().min(1).max(10).default(3).describe("maximum length of a node's certificate chain"),
  adopt: z
    .boolean()
    .default(false)
    .describe("take what was set up by hand for the nodes' paths out of its files"),
  prune: z
    .union([z.boolean(), z.array(z.string())])
    .default(false)
    .describe('remove the locations of nodes that are not in the list: of all of them, or of these'),
};

const whole = z.strictObject(relayParameters);

export type RelayParameters = z.infer<typeof whole>;

/** Nodes before their schema has been applied: a template without a value is empty text. */
export function listOf(nodes: RelayParameters['nodes'] | undefined): readonly Node[] {
  return Array.isArray(nodes) ? nodes : [];
}
