import { z } from 'zod';
import { reportSchema } from '../document/schema.ts';
import { chapters } from '../view.ts';

const at = z.string().describe('when, ISO 8601, UTC');

const progress = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('looking'), total: z.int() }),
  z.object({ kind: z.literal('looked'), host: z.string(), ok: z.boolean() }),
  z.object({
    kind: z.literal('host'),
    host: z.string(),
    phase: z.string(),
    detail: z.string().optional(),
  }),
  z
    .object({
      kind: z.literal('begun'),
      run: z.string(),
      hosts: z.int().optional().describe('how many are to be changed'),
    })
    .describe('hosts are changed from now on'),
  z
    .object({
      kind: z.literal('ended'),
      host: z.string(),
      status: z.string().describe('as in the report'),
      problem: z.string().optional(),
    })
    .describe('nothing more follows for a host that was to be changed'),
  z.object({ kind: z.literal('message'), text: z.string() }),
]);

const begin = z
  .object({
    event: z.literal('begin'),
    schemaVersion: z.literal(1),
    at,
    version: z.string().describe('of clusterproxy'),
    command: z.string(),
    run: z.string().nullable().describe('the id of the run, where it was given; else see progress `begun`'),
    inventory: z.string(),
    cluster: z.string(),
    operator: z.string(),
    from: z.string().describe('the machine on which clusterproxy runs'),
  })
  .describe('the first line');

/** A line of an event log: what a view was told, and when. */
export const eventSchema = z.discriminatedUnion('event', [
  begin,
  z.object({ event: z.literal('progress'), at, progress }),
  z
    .object({ event: z.literal('show'), at, chapter: z.enum(chapters), document: reportSchema })
    .describe('a chapter, with the document as it was by then'),
  z.object({ event: z.literal('message'), at, text: z.string() }),
  z
    .object({ event: z.literal('end'), at, exitStatus: z.int(), document: reportSchema })
    .describe('the last line: what --json prints; a log without it is of a command that has not ended'),
]);

export type EventLine = z.infer<typeof eventSchema>;
export type BeginLine = z.infer<typeof begin>;

/** What schema/events.schema.json holds: the form of one line. */
export function eventsJsonSchema(): object {
  return {
    $id: 'events.schema.json',
    title: 'A line of an event log of clusterproxy',
    ...z.toJSONSchema(eventSchema, {
      target: 'draft-2020-12',
      override: ({ zodSchema, jsonSchema }) => {
        if (zodSchema !== reportSchema) return;
        for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
        jsonSchema.$ref = 'report.schema.json';
      },
    }),
  };
}
