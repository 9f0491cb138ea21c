import { z } from 'zod';
import { authorKinds } from '../../model/author.ts';

// The part of the report document (schema.ts) that tells who changed something on a host.

export const author = z
  .object({
    kind: z.enum(authorKinds),
    name: z
      .string()
      .optional()
      .describe('of the package, script, configuration manager or person; of cron, whose job it is'),
    version: z.string().optional().describe('of the package'),
    at: z.string().optional().describe('when it was changed; ISO 8601, UTC'),
    clock: z.string().optional().describe("the same by the host's own clock, with the day of the week"),
    evidence: z.string().describe('how it is known, or why it is not'),
  })
  .describe('who changed it since the last run wrote it; left out where it is as the last run wrote it');
