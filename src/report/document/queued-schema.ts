import { z } from 'zod';

/** A run that waits on a host until nobody is there. */
export const queued = z.object({
  run: z.string(),
  who: z.string().optional().describe('who, from where, with which command'),
  since: z.string().describe('ISO 8601, UTC, like all times here'),
  until: z.string().describe('it expires then'),
  idleForSeconds: z.number().describe('for how long nobody may have been there, without a break'),
  mayBegin: z
    .object({ from: z.string(), to: z.string() })
    .optional()
    .describe('when it may begin, now or next; left out: never again, or not known here'),
  asked: z
    .object({
      at: z.string(),
      verdict: z.enum(['none', 'busy', 'unknown']).describe('whether somebody was there'),
      idleSince: z.string().optional().describe('since when nobody is there; left out: somebody may be'),
      heldBack: z
        .enum(['held', 'leased', 'locked', 'window', 'failed'])
        .optional()
        .describe('what keeps it from beginning besides people'),
      words: z.string().optional().describe('who was there, or why that is not known'),
    })
    .optional()
    .describe('what the host found when it asked its guards last; left out: it has not asked yet'),
});

/** Of a rollout: hosts of a role that change themselves once nobody is there. */
export const roleQueue = z.object({
  hosts: z.array(z.string()).describe('those that would be queued at this moment, and are not begun'),
  idleForSeconds: z.number().describe('for how long nobody may have been there, without a break'),
  until: z.string().describe('until when they wait; as clocks in the time zone of the cluster show it'),
  awaySeconds: z.number().describe('so long nobody can join on such a host at the longest'),
  balancer: z.boolean().describe('there is a balancer, which such a host cannot tell'),
  withoutCordon: z.boolean().describe('the operator has agreed to that'),
});
