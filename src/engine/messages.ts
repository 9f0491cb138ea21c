import { z } from 'zod';
import { confirmers } from '../model/deciding-check.ts';
import { busyPolicies } from '../model/when-busy.ts';
import { type SavedPlan, savedPlanSchema } from '../plan/saved/saved-plan.ts';
import type { ReportDocument, ReportPicture } from '../report/document/schema.ts';

const wholeNumber = z.int().nonnegative();

/**
 * What may be asked of a worker. Whoever reaches the engine can send anything: no option that names a program
 * or a file is among them, and an unknown one is refused.
 */
export const askedOptions = z.strictObject({
  parallel: z.int().positive(),
  prune: z.boolean(),
  names: z.boolean(),
  /** as they were typed */
  window: z.array(z.string()),
  deadline: z.string().exactOptional(),
  whenIdle: z.boolean(),
  idleFor: wholeNumber.exactOptional(),
  until: wholeNumber.exactOptional(),
  withoutCordon: z.boolean(),
  whenBusy: z.enum(busyPolicies).exactOptional(),
  maxUnavailable: z
    .union([
      z.strictObject({ count: z.int().positive() }),
      z.strictObject({ percent: z.int().min(1).max(100) }),
    ])
    .exactOptional(),
  wave: z.int().positive().exactOptional(),
  onFailure: z.enum(['stop', 'revert-wave']),
  confirm: z.enum(confirmers),
  /** of `plan` */
  detailedExitcode: z.boolean(),
});

/** The same of a change. */
export const changeOptions = askedOptions.omit({ detailedExitcode: true }).extend({
  force: z.boolean(),
  now: z.boolean(),
  waitTimeout: wholeNumber,
  drainTimeout: wholeNumber,
  despitePolls: z.boolean(),
  maxFailures: wholeNumber,
  confirmTimeout: wholeNumber,
  lockWait: wholeNumber,
  keep: z.int().positive().exactOptional(),
  verify: z.boolean(),
});

const asked = {
  /** hash of the inventory as whoever asks has it: a worker with another one refuses */
  inventory: z.string(),
  /** the report's picture of the cluster is wanted as well */
  picture: z.boolean(),
};

export const lookRequest = z.discriminatedUnion('command', [
  z.strictObject({ ...asked, command: z.literal('plan'), options: askedOptions }),
  z.strictObject({
    ...asked,
    command: z.enum(['check', 'status']),
    options: askedOptions.pick({ parallel: true }),
  }),
]);

const agreed = { ...asked, options: changeOptions, plan: savedPlanSchema };

/** `run`: the id of the run; the same request again is told how that ended. */
export const applyRequest = z.strictObject({ ...agreed, run: z.string() });

/** `keepTrying`: for how long hosts that were put off are tried again, in seconds. */
export const changeRequest = z.strictObject({ ...agreed, cluster: z.string(), keepTrying: wholeNumber });

export const approval = z.strictObject({ digest: z.string() });

export type AskedOptions = z.infer<typeof askedOptions>;
export type AskedChangeOptions = z.infer<typeof changeOptions>;
export type LookRequest = z.infer<typeof lookRequest>;
export type ApplyRequest = z.infer<typeof applyRequest>;
export type ChangeRequest = z.infer<typeof changeRequest>;

/** How a cluster's command ended at the worker. */
export interface Answer {
  readonly document: ReportDocument;
  /** of `plan`: what can be agreed to */
  readonly plan?: SavedPlan | undefined;
  readonly picture?: ReportPicture | undefined;
}

/** How a change ended. */
export type ChangeEnd =
  | { readonly kind: 'carried-out'; readonly answer: Answer }
  /** somebody has said no, or nobody has said anything for `approvalTime` */
  | { readonly kind: 'declined' | 'not-approved' };

/** How far a change is, for whoever asks the engine. */
export type ChangeState =
  | { readonly phase: 'asking'; readonly cluster: string; readonly digest: string }
  | {
      readonly phase: 'changing' | 'waiting';
      readonly cluster: string;
      readonly digest: string;
      readonly run: string;
    };
