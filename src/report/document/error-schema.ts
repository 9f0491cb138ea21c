import { z } from 'zod';

// The part of the report document (schema.ts) that tells what went wrong.

const location = z
  .object({
    file: z.string(),
    line: z.int().describe('counts from 1'),
    column: z.int().describe('counts from 1'),
    text: z.string().describe('the line itself'),
    textColumn: z
      .int()
      .optional()
      .describe('where the place is in `text`, if control characters that are written out have moved it'),
  })
  .describe('the place in a file of the operator that it is about');

export const error = z.object({
  code: z.string().describe('stable, kebab-case; docs/errors.md lists all of them'),
  host: z.string().optional(),
  step: z.string().optional().describe('id of the step that it happened in'),
  message: z.string().describe('what happened'),
  next: z.string().optional().describe('what to do about it'),
  location: location.optional(),
  detail: z.string().optional().describe('what another program said, word for word'),
});
