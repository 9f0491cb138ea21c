import { z } from 'zod';
import { busyPolicies } from '../../model/when-busy.ts';
import { roleQueue } from './queued-schema.ts';

const window = z
  .object({
    timeZone: z.string().describe('IANA name; instants stand as its clocks show them, with their offset'),
    timeZoneFrom: z.enum(['inventory', 'machine']),
    state: z
      .enum(['open', 'closed', 'by-day'])
      .optional()
      .describe('by-day: a weekday from 07:00 to 18:00, and no window is configured'),
    now: z.string(),
    closes: z.string().optional().describe('when the window that is open closes'),
    opens: z.string().optional().describe('when the next one opens that is long enough'),
    deadline: z.string().optional(),
    lastBegin: z.string().optional().describe('when the host with the longest way begins at the latest'),
    regardless: z.boolean().describe('people are interrupted all the same: --now'),
    interrupting: z.array(z.string()).describe('the hosts whose change interrupts people'),
    deferred: z
      .array(z.string())
      .describe('those that would be deferred at this moment: no window is open for long enough'),
    pastDeadline: z.array(z.string()).describe('those that would be: the deadline comes too soon'),
  })
  .describe('what windows and the deadline mean for these hosts, where they mean anything');

/** How a run will go through the hosts of one role. */
export const rollout = z.object({
  role: z.string(),
  hosts: z.array(z.string()).describe('those that are changed, in the order in which they begin'),
  atOnce: z.int().describe('so many at once, after the first one has been changed alone'),
  waves: z
    .array(z.array(z.string()))
    .optional()
    .describe('those that begin together; the next ones begin when all of them have ended'),
  onFailure: z
    .literal('revert-wave')
    .optional()
    .describe('those of a wave are put back as well if one of them fails; left out: they are not'),
  maxUnavailable: z.int().describe('so many of the role may be out at once; those that are down count'),
  down: z.array(z.object({ name: z.string(), why: z.string() })),
  held: z
    .array(z.string())
    .describe('those that are not begun: more would be out than may be, or see heldUpBy'),
  heldUpBy: z
    .string()
    .optional()
    .describe('they are not begun because of this host, which comes before them'),
  noDrain: z.literal(true).optional().describe('they can not be drained, as no balancer can be told'),
  after: z
    .enum(['leaving', 'undone'])
    .optional()
    .describe('they begin once those have left, or are rolled back, that people reach through them'),
  window: window.optional(),
  queue: roleQueue
    .optional()
    .describe('hosts that change themselves once nobody is there (policy later); left out where none can'),
  whenBusy: z
    .enum(busyPolicies)
    .optional()
    .describe('what is done with those on which people are; left out: they are put off'),
  handsOver: z
    .object({ hosts: z.array(z.string()), what: z.string() })
    .optional()
    .describe('hosts of which another one of the role takes over what only one has, before they begin'),
});
