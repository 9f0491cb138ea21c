import { z } from 'zod';
import { severities } from '../../model/notify.ts';
import { schedulePolicies } from '../../model/schedule.ts';
import { author } from './author-schema.ts';

const span = z.object({ from: z.string(), to: z.string() });

const putOff = z.object({
  host: z.string().optional().describe('left out: it is true of the whole cluster'),
  code: z.string().describe('of an error, such as busy, held or outside-window'),
  message: z.string(),
});

const scheduledRun = z.object({
  at: z.string().describe('ISO 8601, UTC'),
  endedAt: z.string(),
  policy: z.enum(schedulePolicies),
  did: z.enum(schedulePolicies).describe('report: it only looked; fix: it repaired what it could'),
  run: z.string().nullable().describe('id of the run that changed hosts; null: none did'),
  exitStatus: z.int(),
  statuses: z.record(z.string(), z.int()).describe('how many hosts have each status'),
  missed: z.array(span).describe('windows that passed without a run since the one before'),
  putOff: z.array(putOff).describe('why what differed was not repaired'),
  errors: z.array(putOff).describe('why it could not be carried out at all'),
  report: z.string().optional().describe('the file with all that it told, in the folder runs of `records`'),
});

export const scheduleSchema = z
  .object({
    unit: z.string().optional().describe('name of the systemd units, without their endings'),
    manager: z.enum(['system', 'user']).optional(),
    installed: z.boolean().optional(),
    policy: z.enum(schedulePolicies).optional(),
    when: z.string().optional().describe('in words, such as every 1h'),
    records: z.string().optional().describe('the folder with what scheduled runs have found'),
    next: z.string().optional().describe('when the timer fires next; ISO 8601, UTC'),
    window: z
      .object({
        open: z.boolean().describe('the policy fix would repair now'),
        until: z.string().optional().describe('ISO 8601, UTC; left out: that never changes'),
      })
      .optional(),
    runs: z.array(scheduledRun).optional().describe('the latest first'),
    differences: z
      .array(
        z.object({
          host: z.string(),
          what: z.string().describe('a path, a unit, what an action is about, or `restarts`'),
          since: z.string().describe('the scheduled run that saw it first; ISO 8601, UTC'),
          author: author.omit({ at: true }).optional(),
        }),
      )
      .optional()
      .describe('what differs, and since when, without a break'),
    texts: z
      .array(z.object({ file: z.string(), text: z.string() }))
      .optional()
      .describe('of install --print: texts for another scheduler, and the names of their files'),
    notify: z
      .array(
        z.object({
          target: z.string().describe('in words, without its address'),
          severities: z.array(z.enum(severities)),
          waiting: z.int().describe('messages that wait for it'),
          oldest: z.string().optional().describe('when the oldest of them was written; ISO 8601, UTC'),
          next: z.string().optional().describe('when it is tried next; ISO 8601, UTC'),
          dropped: z.int().describe('messages that were given up since one arrived'),
          answer: z.string().optional().describe('delivered, or why the last attempt failed'),
        }),
      )
      .optional()
      .describe('of notify test and notify status: those who are told'),
    notes: z.array(z.string()).optional(),
  })
  .describe('of schedule');
