import { z } from 'zod';

/** What metrics and notifications are made of, beside what a command tells. */
export const measured = z
  .object({
    version: z.string().describe('of clusterproxy'),
    cluster: z.string().optional().describe('left out: the inventory could not be read'),
    playbook: z.string().optional(),
    at: z.string().describe('when the command began; ISO 8601, UTC'),
    endedAt: z.string(),
    phases: z
      .array(z.object({ phase: z.string(), seconds: z.number() }))
      .describe('how long looking took, and each phase of a change on the host on which it took longest'),
    certificates: z
      .array(
        z.object({
          name: z.string(),
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
      .describe('those that hosts show for names of the inventory'),
  })
  .describe('with --metrics, or of a scheduled run that tells people: what there is to measure');
