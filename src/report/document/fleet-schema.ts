import { z } from 'zod';
import { error } from './error-schema.ts';
import { reportSchema } from './schema.ts';

const cluster = z.object({
  inventory: z.string().describe('the file, as it was found'),
  cluster: z.string().nullable().describe("the cluster's name; null where its inventory can't be read"),
  ring: z.int().optional().describe('of fleet apply: in which ring it is, from 1'),
  turn: z
    .enum(['had', 'nothing-to-do', 'not-planned', 'not-begun'])
    .describe(
      'whether the command was carried out; not-planned: it has no plan that can be; not-begun: others had failed, the command was interrupted, or nobody agreed; document then tells of its plan',
    ),
  document: reportSchema.describe("what --json of the cluster's own command would print"),
});

/** The one document that `fleet --json` prints: its form is a contract, as that of reports is. */
export const fleetSchema = z.object({
  schemaVersion: z.literal(1),
  command: z.string(),
  clusters: z.array(cluster).describe('in the order in which they were given'),
  summary: z.object({
    exitStatus: z.int().describe('what the program exits with'),
    clusters: z.int(),
    hosts: z.int(),
    failed: z.int().describe('clusters that count against --max-failed-clusters'),
    notBegun: z.int(),
    interrupted: z.boolean(),
  }),
  warnings: z.array(z.string()).describe('true of the fleet rather than of one cluster'),
  errors: z.array(error).optional().describe('why the command could not be carried out'),
});

export type FleetDocument = z.infer<typeof fleetSchema>;
export type FleetCluster = FleetDocument['clusters'][number];
export type FleetTurn = FleetCluster['turn'];

/** What schema/fleet.schema.json holds. */
export function fleetJsonSchema(): object {
  return {
    $id: 'fleet.schema.json',
    title: 'What clusterproxy fleet prints with --json',
    ...z.toJSONSchema(fleetSchema, {
      target: 'draft-2020-12',
      override: ({ zodSchema, jsonSchema }) => {
        if (zodSchema !== reportSchema) return;
        for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
        jsonSchema.$ref = 'report.schema.json';
      },
    }),
  };
}
