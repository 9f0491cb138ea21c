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
    .describe('package files that an upgrade of this host would not take'),
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
