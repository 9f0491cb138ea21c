import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type Change, sha256 } from '../../model/change.ts';
import { OperatorError } from '../../model/operator-error.ts';
import { type ClusterPlan, type HostPlan, hasWork, type Stage, stagesOf } from '../../model/plan.ts';
import type { SecretRegister } from '../../secrets/register.ts';
import { packageVersion } from '../../version.ts';
import { Fingerprints } from './fingerprints.ts';

/** What a saved plan was made from, in addition to the hosts: the texts of both files. */
export interface PlanSources {
  /** the secrets written in them */
  readonly secrets?: SecretRegister | undefined;
  readonly text: string;
  readonly playbookText: string;
  /** the file with the accepted differences */
  readonly accepted?: { readonly text: string } | undefined;
}

const savedChange = z.object({
  path: z.string(),
  action: z.string(),
  /** ids of the steps that ask for it */
  steps: z.array(z.string()),
  /** fingerprints; empty if there is nothing at the path */
  before: z.string(),
  after: z.string(),
  /** it contains a secret, so its fingerprints are slow hashes */
  secret: z.literal(true).optional(),
  /**
   * it may turn out otherwise: `start` if only what is there before isn't known, `all` if nothing is
   */
  open: z.enum(['start', 'all']).optional(),
});

const savedStage = z.object({
  changes: z.array(savedChange),
  /** names of actions */
  actions: z.array(z.string()),
  /** ids of handlers */
  handlers: z.array(z.string()),
});

const savedHost = z.object({
  host: z.string(),
  machineId: z.string(),
  recipe: z.string(),
  problem: z.string(),
  /** left out by --limit */
  skipped: z.boolean(),
  /** those in which something is done, in their order; what is removed last is the last one */
  stages: z.array(savedStage),
  /** its records are removed at the end */
  leaves: z.boolean(),
  /** the run that had written its ledger; empty if there was none */
  ledgerRun: z.string(),
});

export const savedPlanSchema = z.object({
  schemaVersion: z.literal(2),
  version: z.string(),
  inventory: z.string(),
  playbook: z.string(),
  /** hash of the accepted differences; left out if there was no such file */
  accepted: z.string().optional(),
  /** of slow hashes */
  salt: z.string(),
  hosts: z.array(savedHost),
});

/** A plan to be carried out later, after a review. It contains hashes instead of contents. */
export type SavedPlan = z.infer<typeof savedPlanSchema>;
export type SavedHost = z.infer<typeof savedHost>;
export type SavedStage = z.infer<typeof savedStage>;
export type SavedChange = z.infer<typeof savedChange>;

/** The plan as JSON text for a file. */
export async function savePlan(plan: ClusterPlan, sources: PlanSources): Promise<string> {
  return `${JSON.stringify(await planToSave(plan, sources), null, 2)}\n`;
}

/** The same as data. */
export async function planToSave(plan: ClusterPlan, sources: PlanSources): Promise<SavedPlan> {
  const fingerprints = new Fingerprints(randomBytes(16).toString('hex'));
  return {
    schemaVersion: 2,
    ...sourceHashes(sources),
    salt: fingerprints.salt,
    hosts: await Promise.all(plan.hosts.map((host) => saveHost(host, fingerprints))),
  };
}

export function readSavedPlan(text: string, file: string): SavedPlan {
  const parsed = savedPlanSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new OperatorError({
    code: 'saved-plan-unreadable',
    message: `${file} is not a plan that this version of clusterproxy has saved`,
    next: 'make a new plan: clusterproxy plan --inventory FILE --out PLAN',
  });
}

/** What a plan depends on besides the hosts. */
export function sourceHashes({ text, playbookText, accepted, secrets }: PlanSources) {
  return {
    version: packageVersion(),
    inventory: sha256(secrets?.mask(text) ?? text),
    playbook: sha256(playbookText),
    ...(accepted === undefined ? {} : { accepted: sha256(accepted.text) }),
  };
}

async function saveHost(plan: HostPlan, fingerprints: Fingerprints): Promise<SavedHost> {
  const stages = stagesOf(plan).filter(hasWork);
  return {
    host: plan.host,
    machineId: plan.snapshot?.machineId ?? '',
    recipe: plan.recipe?.name ?? '',
    problem: plan.problem?.code ?? '',
    skipped: plan.skipped,
    stages: await Promise.all(stages.map((stage) => saveStage(stage, fingerprints))),
    leaves: plan.leftovers === true,
    ledgerRun: plan.snapshot?.ledger?.run ?? '',
  };
}

async function saveStage(stage: Stage, fingerprints: Fingerprints): Promise<SavedStage> {
  return {
    changes: await Promise.all(stage.changes.map((change) => saveChange(change, fingerprints))),
    actions: stage.actions.map(({ action }) => action.name),
    handlers: stage.handlers.map(({ handler }) => handler.id),
  };
}

async function saveChange(change: Change, fingerprints: Fingerprints): Promise<SavedChange> {
  const { path, action, steps, before, after } = change;
  const secret = change.secret === undefined ? {} : { secret: true as const };
  const open = openness(change);
  const kind = { secret: change.secret !== undefined, contentOnly: open !== undefined };
  return {
    path,
    action,
    steps: [...steps],
    before: open === undefined ? await fingerprints.of(path, before, kind) : '',
    after: open === 'all' ? '' : await fingerprints.of(path, after, kind),
    ...secret,
    ...(open === undefined ? {} : { open }),
  };
}

function openness({ after, knownAfter }: Change): SavedChange['open'] {
  if (after.kind === 'pending') return 'all';
  return knownAfter === undefined ? undefined : 'start';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
