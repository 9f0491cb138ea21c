import { z } from 'zod';
import { authorKinds } from '../model/author.ts';
import { type ScheduledRun, schedulePolicies } from '../model/schedule.ts';
import type { ReportDocument } from '../report/document/schema.ts';
import { differencesAfter } from './differences.ts';

const putOff = z.object({ host: z.string().optional(), code: z.string(), message: z.string() });

const author = z.object({
  kind: z.enum(authorKinds),
  name: z.string().optional(),
  version: z.string().optional(),
  clock: z.string().optional(),
  evidence: z.string(),
});

const run = z.object({
  at: z.string(),
  endedAt: z.string(),
  policy: z.enum(schedulePolicies),
  did: z.enum(schedulePolicies),
  run: z.string().nullable(),
  exitStatus: z.int(),
  statuses: z.record(z.string(), z.int()),
  missed: z.array(z.object({ from: z.string(), to: z.string() })),
  putOff: z.array(putOff),
  errors: z.array(putOff),
  report: z.string().optional(),
});

/** The file in which a schedule keeps what it has found. */
export const recordsSchema = z.object({
  schemaVersion: z.literal(1),
  /** the latest first */
  runs: z.array(run),
  differences: z.array(
    z.object({ host: z.string(), what: z.string(), since: z.string(), author: author.optional() }),
  ),
});

export type Records = z.infer<typeof recordsSchema>;

export const noRecords: Records = { schemaVersion: 1, runs: [], differences: [] };

/** How many runs are remembered, and of how many of them all that they told. */
const [mostRuns, mostReports] = [200, 30];

/** The records with one more run, and the reports that aren't kept any longer. Pure. */
export function withRun(
  { runs, differences }: Records,
  ended: ScheduledRun,
  document: Pick<ReportDocument, 'hosts'> | undefined,
): { readonly records: Records; readonly dropped: readonly string[] } {
  const all = [ended, ...runs].slice(0, mostRuns);
  let reports = 0;
  const dropped: string[] = [];
  const kept = all.map(({ report, ...rest }) => {
    if (report === undefined) return rest;
    reports += 1;
    if (reports <= mostReports) return { ...rest, report };
    dropped.push(report);
    return rest;
  });
  const seen = document === undefined ? differences : differencesAfter(differences, document, ended.at);
  const records = recordsSchema.parse({ schemaVersion: 1, runs: kept, differences: seen });
  return { records, dropped };
}

/** When the latest run began that could look at the hosts; milliseconds since the epoch. */
export function lastLook({ runs }: Records): number | undefined {
  const one = runs.find(({ errors, statuses }) => errors.length === 0 || Object.keys(statuses).length > 0);
  return one === undefined ? undefined : Date.parse(one.at);
}
