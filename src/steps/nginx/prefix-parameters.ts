import { z } from 'zod';
import { absolutePath } from '../shared/parameters.ts';

const requestPath = z
  .string()
  .regex(
    /^(?:\/[A-Za-z0-9._~-]+)+$/,
    'expected a path such as /name, of letters, digits, ".", "_", "~" and "-"',
  );

/** The name of the step module in a playbook. */
export const prefixName = 'nginx-prefix';

/** The parameters of a step `nginx-prefix`. */
export const prefixParameters = z.strictObject({
  sources: z
    .array(absolutePath)
    .min(1)
    .describe("where the package's file with the locations may be; the first one that exists counts"),
  look_in: z
    .array(absolutePath)
    .default([])
    .describe(
      'paths or globs of other files that nginx reads, which are searched for what was set up by hand',
    ),
  client: requestPath.describe('the beginning of the paths of the locations'),
  prefix: requestPath.describe('the prefix to put before them'),
  mode: z
    .enum(['own-file', 'stock-file'])
    .default('own-file')
    .describe(
      "own-file: prefixed copies in our own file; stock-file: the paths in the package's file are edited",
    ),
  path: absolutePath.describe('our own file'),
  variables: z
    .record(
      z.string().regex(/^[A-Za-z0-9_]+$/, 'expected the name of a variable without $'),
      z.strictObject({
        value: z.string(),
        stock_file: absolutePath.optional().describe("the package's file that sets it to nothing"),
      }),
    )
    .default({})
    .describe('nginx variables to set'),
  redirects: z
    .array(
      z.strictObject({
        from: requestPath,
        to: z
          .string()
          .regex(
            /^(?:\/[A-Za-z0-9._~-]+)+(?:\$request_uri)?$/,
            'expected a path, optionally with $request_uri',
          ),
      }),
    )
    .default([])
    .describe('paths that are answered by a redirect to another path of this host'),
  adopt: z.boolean().default(false).describe('take over what was set up by hand'),
});

export type PrefixParameters = z.infer<typeof prefixParameters>;
