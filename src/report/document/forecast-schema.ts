import { z } from 'zod';
import { conffileDecisions } from '../../model/forecast.ts';

export const forecast = z.object({
  supported: z.boolean().describe('false where the host has no dpkg: nothing is forecast for it'),
  recipe: z.string().nullable().describe('its recipe before the upgrade'),
  packages: z.array(
    z.object({
      name: z.string(),
      from: z.string().nullable().describe('null where it is not installed yet'),
      to: z.string(),
      scripts: z
        .array(z.string())
        .describe('its maintainer scripts: what they write is known after the upgrade'),
    }),
  ),
  leftOut: z
    .array(z.object({ file: z.string(), why: z.string() }))
    .describe('package files, or with `--to` packages, that an upgrade of this host would not take'),
  lists: z
    .object({
      changed: z
        .string()
        .nullable()
        .describe('when the package lists of the host were brought up to date, by its own clock'),
      ageSeconds: z.number().nullable(),
    })
    .optional()
    .describe('with `--to`'),
  otherVersions: z
    .array(z.string())
    .optional()
    .describe('packages of the product that have no such version as `--to` asks for: the latest one counts'),
  dropped: z
    .array(z.string())
    .optional()
    .describe('packages that apt would remove for the sake of others; their files stay in the plan'),
  replaced: z.array(z.string()).describe('files that are managed and that a package replaces by its own'),
  removed: z.array(z.string()).describe('files that steps read and that go'),
  conffiles: z
    .array(
      z.object({
        path: z.string(),
        package: z.string(),
        decision: z
          .enum(conffileDecisions)
          .describe(
            'kept: changed here only; asked: changed here and by the package; left: not a conffile before; stays-removed: removed here; obsolete: the new version has it no longer',
          ),
        answer: z.enum(['keep', 'replace']).describe('what is assumed where dpkg asks: asked, left'),
      }),
    )
    .describe('conffiles that are not as the installed version brought them'),
  units: z
    .object({ come: z.array(z.string()), go: z.array(z.string()) })
    .describe('units that come have a state that is known after the upgrade'),
});
