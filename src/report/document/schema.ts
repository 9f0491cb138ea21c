import { z } from 'zod';
import { checkOutcomes } from '../../model/outside-check.ts';
import { troubleOutcomes } from '../../model/trouble.ts';
import { accepted } from './accepted-schema.ts';
import { begun } from './begun-schema.ts';
import { error } from './error-schema.ts';
import {
  type change,
  type guard,
  type handler,
  host,
  pastRun,
  run,
  statuses,
  type unsettled,
} from './host-schema.ts';
import { measured } from './measured-schema.ts';
import { inventoryFile, jsonSchema, page, setting } from './own-machine-schema.ts';
import { picture } from './picture-schema.ts';
import type { queued } from './queued-schema.ts';
import { record } from './record-schema.ts';
import { rollout } from './rollout-schema.ts';
import { scheduleSchema } from './schedule-schema.ts';
import { supportSchema } from './support-schema.ts';
import { today } from './today-schema.ts';

const summary = z.object({
  exitStatus: z.int().describe('what the program exits with'),
  hosts: z.int(),
  statuses: z.partialRecord(z.enum(statuses), z.int()).describe('how many hosts have each status'),
  changes: z.int(),
  restarts: z.int(),
  reloads: z.int(),
  interrupted: z.boolean(),
});

const inventory = z
  .object({
    file: z.string(),
    cluster: z.string(),
    playbook: z.string(),
    roles: z.array(
      z.object({
        role: z.string(),
        hosts: z.int().optional().describe('how many there are; left out where the role is external'),
      }),
    ),
  })
  .describe('of validate: what the inventory says');

const check = z.object({
  host: z.string(),
  role: z.string(),
  id: z.string().describe('unique in its role'),
  title: z.string(),
  outcome: z.enum(checkOutcomes),
  expected: z.string().optional(),
  found: z.string().optional().describe('what came instead, or why it was not asked'),
  note: z.string().optional().describe('what is worth a word although nothing is wrong'),
  fix: z.string().optional().describe('what to do about it'),
});

const browser = z
  .object({
    program: z.string(),
    version: z.string(),
    screenshots: z.array(z.object({ host: z.string(), file: z.string() })),
  })
  .describe('of verify --browser: the browser that was used, and the files with pictures of the clients');

const trouble = z.object({
  host: z.string(),
  role: z.string(),
  id: z.string().describe('stable; `clusterproxy explain` knows it'),
  title: z.string(),
  outcome: z.enum(troubleOutcomes),
  found: z.string().optional().describe('the fact that shows it, or why it could not be found out'),
  means: z.string().optional().describe('what follows from it'),
  note: z.string().optional().describe('what is worth a word although it is no trouble'),
  fix: z.string().optional().describe('what to do about it'),
});

const hold = z.object({
  by: z.string(),
  from: z.string().describe('the machine on which clusterproxy ran'),
  reason: z.string(),
  since: z.string().describe('ISO 8601, UTC'),
  until: z.string().optional().describe('left out: until it is released'),
  hosts: z.array(z.string()).describe('the hosts that have it; any one of them is enough'),
});

const followed = run.extend({
  phase: z.enum(['going-on', 'ended', 'lost']).describe('lost: it has not ended, and its controller is gone'),
  resumes: z.string().optional().describe('the run with whose rest it went on'),
  resumedBy: z.string().optional().describe('the run that went on with its rest'),
});

const aborted = z.object({
  by: z.string(),
  from: z.string().describe('the machine on which clusterproxy ran'),
  since: z.string().describe('ISO 8601, UTC'),
});

const explanation = z.object({
  code: z.string(),
  page: z.string().describe('the page of docs/ that lists it'),
  section: z.string(),
  what: z.string().describe('what happened or what it means'),
  next: z.string().optional().describe('what to do about it'),
  mentions: z
    .array(z.object({ page: z.string(), section: z.string(), text: z.string() }))
    .describe('what other pages say of it'),
});

/**
 * The one JSON document that every command prints with --json, also on exit 1: its form is a contract. New
 * keys may come within a schema version; a key that goes or changes its meaning makes a new one.
 */
export const reportSchema = z.object({
  schemaVersion: z.literal(1),
  command: z.string(),
  run: z.string().nullable().describe('run id; null for a command that changes nothing'),
  hosts: z.array(host),
  summary,
  warnings: z.array(z.string()).describe('true of the cluster rather than of one host'),
  byHand: z
    .array(z.object({ title: z.string(), text: z.string() }))
    .describe('text to be carried over to where the program has no access'),
  rollout: z
    .array(rollout)
    .optional()
    .describe('how a run goes through the roles, should all hosts end as planned'),
  runs: z.array(pastRun).optional().describe('of history: what hosts remember, the latest first'),
  records: z.array(record).optional().describe('of report: the event logs of this machine, the latest first'),
  errors: z.array(error).optional().describe('why the command could not be carried out (exit 1)'),
  force: z.literal(true).optional().describe('guards are not asked in this run'),
  policies: z
    .array(
      z.object({
        policy: z.string(),
        deny: z.array(z.string()).describe('why the plan must not be carried out'),
        warn: z.array(z.string()),
        failed: z.string().optional().describe('why it could not be asked, which counts as a no'),
      }),
    )
    .optional()
    .describe('what policies said of the plan, once they were asked'),
  otherClusters: z
    .array(z.object({ host: z.string(), clusters: z.array(z.string()) }))
    .optional()
    .describe('of history: other clusters whose runs hosts remember; their runs are not among `runs`'),
  holds: z
    .array(hold)
    .optional()
    .describe(
      'what freezes the cluster for everybody: nothing may be changed; of hold: the one that was set',
    ),
  followed: followed
    .optional()
    .describe('of follow, abort and resume, and of a call with the id of a run: whose run it is'),
  aborted: aborted.optional().describe('who has aborted the run'),
  heldBefore: z.array(hold).optional().describe('of hold: those that were released or replaced'),
  accepted: accepted.optional().describe('of accept'),
  today: today.optional(),
  inventoryFile: inventoryFile.optional(),
  inventory: inventory.optional(),
  begun: begun.optional(),
  playbook: z.string().optional().describe('of playbook check: the playbook, as the command line names it'),
  holders: z
    .array(z.object({ host: z.string(), who: z.string() }))
    .optional()
    .describe('of unlock: the hosts on which the run is at work, and who, from where, with which command'),
  checks: z
    .array(check)
    .optional()
    .describe(
      'of verify and apply --verify: what was asked from outside, by host; of check: what was asked through other hosts',
    ),
  browser: browser.optional(),
  troubles: z
    .array(trouble)
    .optional()
    .describe('of doctor: which known troubles were looked for, by host, and which of them are there'),
  explanations: z
    .array(explanation)
    .optional()
    .describe('of explain: what the manual says of a code, or of each one'),
  settings: z.array(setting).optional().describe('of config: what counts on this machine, and why'),
  schemas: z.array(jsonSchema).optional().describe('of schema: those that there are, or were written'),
  pages: z.array(page).optional().describe('of docs: pages of the manual'),
  notes: z
    .array(z.string())
    .optional()
    .describe('of a plan: what is worth knowing before agreeing, although nothing is wrong'),
  schedule: scheduleSchema.optional(),
  measured: measured.optional(),
  support: supportSchema
    .optional()
    .describe('of support: the bundle; its texts come with the program, or are placeholders such as host-1'),
  picture: picture.optional(),
});

export type ReportDocument = z.infer<typeof reportSchema>;
export type ReportHost = z.infer<typeof host>;
export type ReportDecided = NonNullable<ReportHost['deciding']>[number];
export type ReportForecast = NonNullable<ReportHost['forecast']>;
export type ReportHostKeys = Pick<ReportHost, 'address' | 'hostKeys' | 'contradicted' | 'inventoryKeys'>;
export type ReportError = z.infer<typeof error>;
export type ReportLocation = NonNullable<ReportError['location']>;
export type ReportChange = z.infer<typeof change>;
export type ReportHandler = z.infer<typeof handler>;
export type ReportGuard = z.infer<typeof guard>;
export type ReportUnsettled = z.infer<typeof unsettled>;
export type ReportQueued = z.infer<typeof queued>;
export type ReportRun = z.infer<typeof run>;
export type ReportPastRun = z.infer<typeof pastRun>;
export type ReportRollout = z.infer<typeof rollout>;
export type ReportCheck = z.infer<typeof check>;
export type ReportTrouble = z.infer<typeof trouble>;
export type ReportFollowed = z.infer<typeof followed>;
export type ReportAborted = z.infer<typeof aborted>;
export type ReportHold = z.infer<typeof hold>;
export type ReportExplanation = z.infer<typeof explanation>;
export type ReportSetting = z.infer<typeof setting>;
export type ReportToday = z.infer<typeof today>;
export type ReportSupport = NonNullable<ReportDocument['support']>;
export type ReportMeasured = z.infer<typeof measured>;
export type ReportSchedule = NonNullable<ReportDocument['schedule']>;
export type ReportBegun = z.infer<typeof begun>;
export type ReportPicture = z.infer<typeof picture>;
export type ReportInventory = z.infer<typeof inventory>;
/** How a host ended. */
export type ReportStatus = (typeof statuses)[number];

/** What schema/report.schema.json holds. */
export function reportJsonSchema(): object {
  return {
    $id: 'report.schema.json',
    title: 'What clusterproxy prints with --json',
    ...z.toJSONSchema(reportSchema, { target: 'draft-2020-12' }),
  };
}
