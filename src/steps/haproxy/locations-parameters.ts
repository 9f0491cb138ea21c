import { z } from 'zod';
import { relayParameters } from '../relay/parameters.ts';
import { absolutePath, hostname } from '../shared/parameters.ts';

/** The name of the step module in a playbook. */
export const haproxyLocationsName = 'haproxy-locations';

/** Where a distribution's HAProxy reads its configuration. */
export const usualPath = '/etc/haproxy/haproxy.cfg';

export const configurationPath = absolutePath.default(usualPath).describe('haproxy.cfg');

export const clusterName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'expected the name of a cluster')
  .describe('name of the cluster, which tells its sections from those of others in the same file');

/** The parameters of a step `haproxy-locations`. */
export const haproxyLocationsParameters = z.strictObject({
  path: configurationPath,
  cluster: clusterName,
  hostname: hostname.describe("the proxy's public name, which tells rules for it from those for other names"),
  ...relayParameters,
  cache: z
    .boolean()
    .default(false)
    .describe('keep copies of files whose names have a hash of their contents, in memory'),
});

export type HaproxyLocationsParameters = z.infer<typeof haproxyLocationsParameters>;
