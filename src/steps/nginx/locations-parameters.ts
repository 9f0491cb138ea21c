import { z } from 'zod';
import { relayParameters } from '../relay/parameters.ts';
import { absolutePath, hostname } from '../shared/parameters.ts';
import { nginxFiles } from './nginx-files.ts';

/** The name of the step module in a playbook. */
export const locationsName = 'nginx-locations';

/** The parameters of a step `nginx-locations`. */
export const locationsParameters = z.strictObject({
  path: absolutePath.describe("our own file with the locations, to be included in the proxy's server block"),
  server_name: hostname.describe(
    "the proxy's public name, which tells its server block from others on the same nginx",
  ),
  ...relayParameters,
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
});

export type LocationsParameters = z.infer<typeof locationsParameters>;
