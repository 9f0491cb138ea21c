import { z } from 'zod';
import { browserShows } from '../../model/outside-check.ts';
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
      type: text.optional().meta({ description: 'media type of the answer, such as application/json' }),
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
  browser: z
    .strictObject({
      shows: z.enum(browserShows),
      page: text.meta({ description: "the client's page at the cluster's address" }),
      elsewhere: text.optional().meta({
        description: "with permissions: the page at the host's own address, where they must not hold",
      }),
      sockets: z
        .union([z.array(text), text])
        .optional()
        .meta({ description: 'with sockets: WebSockets that the page must be able to open' }),
      protocol: text.optional().meta({ description: 'of these WebSockets' }),
      reads: z
        .union([z.array(text), text])
        .optional()
        .meta({ description: 'with console: addresses whose answers the page must be able to read' }),
    })
    .optional()
    .meta({ description: 'asked by clusterproxy verify --browser' }),
  meeting: z
    .strictObject({
      program: text.meta({
        description: 'file beside the playbook, in sh, that holds a meeting for as long as its input lasts',
      }),
      args: z.array(text).optional(),
      client: z
        .union([z.array(text).min(1), text])
        .meta({ description: 'where whoever joins must end up, without its query: one of these' }),
      session: text.meta({ description: "the parameter of the client's address that is a person's session" }),
    })
    .optional(),
} as const;

/** A check that is asked in a meeting, and names the check that holds it. */
export const during = text.optional().meta({
  description: 'the check during whose meeting it is asked; {session} is then the session of its moderator',
});

/** Adds the mistake of a check that asks nothing, or several things. */
export function askingOnce(
  given: Readonly<Record<string, unknown>>,
  context: { addIssue(issue: { code: 'custom'; message: string }): void },
): void {
  const kinds = Object.keys(questionKeys);
  if (kinds.filter((kind) => given[kind] !== undefined).length === 1) return;
  context.addIssue({ code: 'custom', message: `expected one of: ${kinds.join(', ')}` });
}
