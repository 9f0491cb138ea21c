import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { confirmers } from '../../model/deciding-check.ts';
import type { Status } from '../../model/result.ts';
import { busyPolicies } from '../../model/when-busy.ts';
import { savedPlanSchema } from './saved-plan.ts';

const problem = z.object({
  code: z.string(),
  message: z.string(),
  next: z.string().optional(),
  step: z.string().optional(),
});
/** The words of this version; one that a later version knows is read as it is. */
const status = z.string().transform((word) => word as Status);

const agreedOptions = z.object({
  limit: z.array(z.string()),
  prune: z.boolean(),
  whenBusy: z.enum(busyPolicies).optional(),
  waitTimeout: z.number(),
  drainTimeout: z.number(),
  despitePolls: z.boolean().optional(),
  maxFailures: z.number(),
  maxUnavailable: z.union([z.object({ count: z.number() }), z.object({ percent: z.number() })]).optional(),
  waveSize: z.number().optional(),
  /** left out by a version that knew no other */
  onFailure: z.enum(['stop', 'revert-wave']).optional(),
  /** of hosts that change themselves once nobody is there: seconds, and seconds from the call on */
  queue: z
    .object({ idleFor: z.number().optional(), until: z.number().optional(), withoutCordon: z.boolean() })
    .optional(),
  confirm: z.enum(confirmers),
  confirmTimeout: z.number(),
  keep: z.number().optional(),
  /** as they were typed */
  window: z.array(z.string()),
});

const agreedHost = z.object({
  host: z.string(),
  role: z.string(),
  machineId: z.string(),
  /** how it was before the run, or why nothing was to be done there */
  status,
  problem: problem.optional(),
  /** something was to be done there, in so many stages */
  due: z.boolean(),
  stages: z.number(),
});

const agreement = z.object({
  schemaVersion: z.literal(1),
  run: z.string(),
  /** what the call was, as a hash: a call with the same id of a run has to be the same */
  call: z.string(),
  command: z.string(),
  cluster: z.string(),
  by: z.string(),
  /** name of the machine on which clusterproxy ran */
  from: z.string(),
  version: z.string(),
  /** ISO 8601, UTC, by that machine's clock */
  startedAt: z.string(),
  /** the run with whose rest it goes on */
  resumes: z.string().optional(),
  /** hosts may be taken out in a balancer before they are changed */
  drains: z.boolean(),
  hosts: z.array(agreedHost),
  /** of apply, which can be resumed: the plan, and the options that it was agreed on with */
  options: agreedOptions.optional(),
  plan: savedPlanSchema.optional(),
});

const outcome = z.object({
  schemaVersion: z.literal(1),
  /** ISO 8601, UTC, by the controller's clock */
  endedAt: z.string(),
  interrupted: z.boolean(),
  aborted: z.object({ by: z.string(), from: z.string(), since: z.number() }).optional(),
  warnings: z.array(z.string()),
  hosts: z.array(
    z.object({
      host: z.string(),
      status,
      problem: problem.optional(),
      ran: z.array(z.string()),
      warnings: z.array(z.string()),
      durationMs: z.number(),
    }),
  ),
});

/**
 * What was agreed on for a run, as it is stored on the hosts that the run changes: who began it, what was to
 * be done where, and of `apply` the plan in the form of a saved one. There are hashes in it, but no contents.
 */
export type Agreement = z.infer<typeof agreement>;
export type AgreedHost = z.infer<typeof agreedHost>;
export type AgreedOptions = z.infer<typeof agreedOptions>;
/** How a run ended on its hosts, by its controller's word. What other programs said is not in it. */
export type RunOutcome = z.infer<typeof outcome>;

/** As it is stored; zcat(1) shows it. */
export function storedText(content: Agreement | RunOutcome): Buffer {
  return gzipSync(Buffer.from(`${JSON.stringify(content)}\n`));
}

/** Undefined if it is damaged, or of a newer version. */
export function readAgreement(stored: Buffer): Agreement | undefined {
  return agreement.safeParse(parsed(stored)).data;
}

/** Undefined if it is damaged, or of a newer version. */
export function readOutcome(stored: Buffer): RunOutcome | undefined {
  return outcome.safeParse(parsed(stored)).data;
}

/** Bytes. The plan of a thousand hosts is smaller. */
const largest = 256 * 1024 * 1024;

function parsed(stored: Buffer): unknown {
  try {
    return JSON.parse(gunzipSync(stored, { maxOutputLength: largest }).toString('utf8'));
  } catch {
    return undefined;
  }
}
