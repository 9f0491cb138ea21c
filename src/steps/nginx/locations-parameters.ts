import { z } from 'zod';
import { absolutePath, hostname } from '../shared/parameters.ts';
import { nginxFiles } from './nginx-files.ts';
import { type Node, node } from './node-locations.ts';

/** The name of the step module in a playbook. */
export const locationsName = 'nginx-locations';

/** The parameters of a step `nginx-locations`. */
export const locationsParameters = z.strictObject({
  path: absolutePath.describe("our own file with the locations, to be included in the proxy's server block"),
  server_name: hostname.describe(
    "the proxy's public name, which tells its server block from others on the same nginx",
  ),
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
  look_in: z
    .array(absolutePath)
    .default([...nginxFiles.read])
    .describe('files that nginx reads, which are searched for locations that were set up by hand'),
  cache: z
    .boolean()
    .default(false)
    .describe('keep copies of files whose names have a hash of their contents'),
  cache_zone: z
    .union([z.literal(''), z.string().regex(/^[A-Za-z0-9_.-]+$/, 'expected the name of a zone')])
    .default('')
    .describe('with `cache`: the keys_zone of a proxy_cache_path, which another step writes'),
  adopt: z.boolean().default(false).describe('remove locations that were set up by hand from their files'),
  prune: z
    .union([z.boolean(), z.array(z.string())])
    .default(false)
    .describe('remove the locations of nodes that are not in the list: of all of them, or of these'),
});

export type LocationsParameters = z.infer<typeof locationsParameters>;
