import { z } from 'zod';
import { balancerQuestionKeys } from './balancer-question-schema.ts';
import { text } from './texts.ts';

const status = z.int().min(100).max(599);

/** What is asked from outside: exactly one of these in a check. */
export const questionKeys = {
  http: z
    .strictObject({
      url: text,
      headers: z
        .union([z.array(text), text])
        .optional()
        .meta({ description: "sent along, each 'Name: value'" }),
      status: z
        .union([status, z.array(status).min(1)])
        .optional()
        .meta({ description: '200' }),
      contains: z
        .union([z.array(text), text])
        .optional()
        .meta({ description: 'texts that the body has' }),
      answers: z
        .record(
          z.string().regex(/^[a-z0-9-]+$/, 'expected the name of a header in lower case'),
          z.union([z.string(), z.array(z.string()).min(1)]),
        )
        .optional()
        .meta({
          description:
            'headers of the answer to the values that they may have; empty where it may be missing',
        }),
      location: text.optional().meta({ description: 'where it must redirect to' }),
      assets: z
        .boolean()
        .optional()
        .meta({ description: 'whether everything that the page names must be there too' }),
    })
    .optional(),
  websocket: z
    .strictObject({
      url: text,
      origin: text,
      protocol: text.optional(),
      accepted: z.boolean().optional().meta({ description: 'whether that origin must be let in; true' }),
    })
    .optional(),
  certificate: z
    .strictObject({ hostname: text, port: z.union([z.int().min(1).max(65535), text]).optional() })
    .optional(),
  ...balancerQuestionKeys,
} as const;

/** Adds the mistake of a check that asks nothing, or several things. */
export function askingOnce(
  given: Readonly<Record<string, unknown>>,
  context: { addIssue(issue: { code: 'custom'; message: string }): void },
): void {
  const kinds = Object.keys(questionKeys);
  if (kinds.filter((kind) => given[kind] !== undefined).length === 1) return;
  context.addIssue({ code: 'custom', message: `expected one of: ${kinds.join(', ')}` });
}
