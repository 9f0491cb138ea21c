import { z } from 'zod';
import { guard } from './host-schema.ts';

export const today = z
  .object({
    now: z.string(),
    timeZone: z.string().describe('IANA name; instants stand as its clocks show them, with their offset'),
    timeZoneFrom: z.enum(['inventory', 'machine']),
    may: z
      .enum(['everything', 'what-interrupts-nobody', 'nothing'])
      .describe('what may be done at this moment; who is there is in `people`'),
    window: z.object({
      rule: z
        .enum(['anytime', 'windows', 'usual'])
        .describe('usual: no window is configured, so not on weekdays from 07:00 to 18:00'),
      open: z.boolean(),
      closes: z.string().optional(),
      opens: z.string().optional().describe('when the next one opens'),
    }),
    atWork: z.array(z.string()).describe('hosts on which a run is at work, or that one has reserved'),
    roles: z.array(
      z.object({
        role: z.string(),
        hosts: z.int().describe('without those that leave the cluster'),
        maxUnavailable: z.int().describe('so many may be out at once at this moment'),
        out: z.array(z.object({ name: z.string(), why: z.string() })),
      }),
    ),
    people: z
      .array(z.object({ name: z.string(), guards: z.array(guard) }))
      .describe('what the guards of each host say; left out: it could not be asked, or it has none'),
    edited: z
      .array(z.object({ name: z.string(), at: z.string().describe('ISO 8601, UTC') }))
      .describe('when somebody last changed, on hosts that differ, what a run would change'),
    certificates: z
      .array(
        z.object({
          name: z.string().describe('the name for which it was asked'),
          hosts: z.array(z.string()),
          begins: z.string().optional().describe('since when it is valid; ISO 8601, UTC'),
          ends: z.string().describe('ISO 8601, UTC'),
          endsSoon: z.boolean().describe('whatever renews it should have done so by now'),
          due: z
            .string()
            .optional()
            .describe('when it is to be renewed, as far as that is known; ISO 8601, UTC'),
          renewer: z.string().optional().describe('who renews it, in words; left out: nobody is known to'),
        }),
      )
      .describe('those that hosts show, the one that ends first comes first'),
    reboots: z
      .array(z.object({ name: z.string(), packages: z.array(z.string()) }))
      .describe('hosts that want to be rebooted, and the packages that say so'),
  })
  .describe('of today: whether the cluster may be changed at this moment');
