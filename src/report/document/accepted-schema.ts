import { z } from 'zod';
import { author } from './author-schema.ts';

// The parts of the report document (schema.ts) that tell of differences which stay as they are.

const acceptance = z.object({
  who: z.string(),
  reason: z.string(),
  since: z.string().describe('ISO 8601, UTC'),
  until: z.string().describe('ISO 8601, UTC'),
});

export const left = z.object({
  step: z.string(),
  path: z.string().describe('of a unit its name'),
  items: z.array(
    z.object({
      key: z.string().optional().describe('left out where it is all of the file'),
      because: z
        .enum(['accepted', 'report', 'keep'])
        .describe('accepted by somebody; or its step says on_drift: report, which counts as drift, or keep'),
      accepted: acceptance.optional(),
    }),
  ),
  diff: z.string().describe('what the step would change, as in `changes`'),
  handlers: z.array(z.string()).describe('ids of those that its step does not ask for because of this'),
  author: author.optional(),
});

export const accepted = z.object({
  what: z.enum(['list', 'accepted', 'ended']).describe('all of them, or what this command has done'),
  entries: z.array(
    acceptance.extend({
      host: z.string(),
      path: z.string(),
      key: z.string().optional(),
      ended: z.literal(true).optional().describe('its time is over'),
    }),
  ),
});
