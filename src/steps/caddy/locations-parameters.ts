import { z } from 'zod';
import { relayParameters } from '../relay/parameters.ts';
import { absolutePath, accountName, hostname } from '../shared/parameters.ts';
import { caddyFiles } from './caddy-files.ts';
import { caddyUser } from './readable.ts';

/** The name of the step module in a playbook. */
export const locationsName = 'caddy-locations';

/** A path that stands in a Caddyfile as it is. */
export const plainPath = absolutePath.regex(/^[A-Za-z0-9_./*+:@%=-]*$/, 'expected a path of plain letters');

/** The parameters of a step `caddy-locations`. */
export const locationsParameters = z.strictObject({
  path: plainPath.describe('our own file with the rules, to be imported into the site of the proxy'),
  cluster: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'expected the name of a cluster')
    .describe('its name, which tells its matchers from those of another cluster in the same site'),
  server_name: hostname.describe(
    "the proxy's public name, which tells its site from others of the same Caddy",
  ),
  ...relayParameters,
  user: accountName.default(caddyUser).describe('the account that Caddy runs as'),
  look_in: z
    .array(absolutePath)
    .default([...caddyFiles])
    .describe('files that Caddy reads, which are searched for rules that were set up by hand'),
});

export type LocationsParameters = z.infer<typeof locationsParameters>;
