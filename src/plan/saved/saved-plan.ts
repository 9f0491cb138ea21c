import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { sha256 } from '../../model/change.ts';
import { OperatorError } from '../../model/operator-error.ts';
import { type ClusterPlan, type HostPlan, stagesOf } from '../../model/plan.ts';
import type { SecretRegister } from '../../secrets/register.ts';
import { packageVersion } from '../../version.ts';
import { stateFingerprint } from '../record.ts';
import { secretStates, slowHashOf } from './secret-states.ts';

/** What a saved plan was made from, in addition to the hosts: the texts of both files. */
export interface PlanSources {
  /** the secrets written in them */
  readonly secrets?: SecretRegister | undefined;
  readonly text: string;
  readonly playbookText: string;
}

const savedHost = z.object({
  host: z.string(),
  machineId: z.string(),
  recipe: z.string(),
  problem: z.string(),
  changes: z.array(
    z.object({
      stage: z.int(),
      path: z.string(),
      action: z.string(),
      before: z.string(),
      after: z.string(),
      /** its hashes are in `secrets`, together with those of all the others */
      secret: z.literal(true).optional(),
    }),
  ),
  /** names of actions, each preceded by its stage */
  actions: z.array(z.string()).default([]),
  handlers: z.array(z.string()),
  /** its records are removed at the end */
  leaves: z.boolean(),
});

const savedPlan = z.object({
  schemaVersion: z.literal(1),
  version: z.string(),
  inventory: z.string(),
  playbook: z.string(),
  hosts: z.array(savedHost),
  /** over everything that contains a secret; absent if nothing does */
  secrets: z.object({ salt: z.string(), scrypt: z.string() }).optional(),
});

/**
 * A plan to be carried out later, after a review. It contains hashes instead of contents, and for the files
 * that contain a secret a single hash over all of them, which is slow to compute.
 */
export type SavedPlan = z.infer<typeof savedPlan>;
type SavedHost = z.infer<typeof savedHost>;

/** The plan as JSON text for a file. */
export function savePlan(plan: ClusterPlan, sources: PlanSources): string {
  const { summary, secret } = summarize(plan, sources);
  return `${JSON.stringify({ ...summary, ...commitment(secret, randomBytes(16).toString('hex')) }, null, 2)}\n`;
}

export function readSavedPlan(text: string, file: string): SavedPlan {
  const parsed = savedPlan.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new OperatorError({
    code: 'saved-plan-unreadable',
    message: `${file} is not a plan that this version of clusterproxy has saved`,
    next: 'make a new plan: clusterproxy plan --inventory FILE --out PLAN',
  });
}

/** What has changed since the plan was saved, as texts; empty if nothing has. */
export function comparePlan(saved: SavedPlan, plan: ClusterPlan, sources: PlanSources): readonly string[] {
  const { summary: now, secret } = summarize(plan, sources);
  const differences = [
    ...(saved.version === now.version ? [] : [`clusterproxy was ${saved.version} and is ${now.version}`]),
    ...(saved.inventory === now.inventory ? [] : ['the inventory has changed']),
    ...(saved.playbook === now.playbook ? [] : ['the playbook has changed']),
    ...compareHosts(saved.hosts, now.hosts),
  ];
  const salt = saved.secrets?.salt ?? '';
  if (differences.length > 0 || saved.secrets?.scrypt === commitment(secret, salt).secrets?.scrypt)
    return differences;
  return ['a secret, or a file that contains a secret, has changed'];
}

function commitment(secret: readonly string[], salt: string): Pick<SavedPlan, 'secrets'> {
  if (secret.length === 0) return {};
  return { secrets: { salt, scrypt: slowHashOf(secret, salt) } };
}

function compareHosts(saved: readonly SavedHost[], now: readonly SavedHost[]): readonly string[] {
  const known = new Map(saved.map((host) => [host.host, host] as const));
  const gone = saved.filter((host) => !now.some((other) => other.host === host.host));
  return [
    ...gone.map((host) => `${host.host}: it is no longer among the hosts`),
    ...now.flatMap((host) => compareHost(known.get(host.host), host)),
  ];
}

function compareHost(saved: SavedHost | undefined, now: SavedHost): readonly string[] {
  if (saved === undefined) return [`${now.host}: it was not among the hosts`];
  if (saved.machineId !== now.machineId) return [`${now.host}: a different machine answers now`];
  if (saved.problem !== now.problem) return [`${now.host}: ${now.problem || 'it can be planned now'}`];
  if (saved.recipe !== now.recipe)
    return [`${now.host}: its recipe was ${saved.recipe} and is ${now.recipe}`];
  const paths = new Set([...saved.changes, ...now.changes].map((change) => change.path));
  const differing = [...paths].filter((path) => changeAt(saved, path) !== changeAt(now, path));
  if (differing.length > 0)
    return differing.map((path) => `${now.host}: the change to ${path} is now different`);
  if (saved.leaves !== now.leaves)
    return [`${now.host}: it ${now.leaves ? 'leaves' : 'no longer leaves'} the cluster`];
  if (saved.actions.join() !== now.actions.join())
    return [`${now.host}: other actions would be done: ${now.actions.join(', ') || 'none'}`];
  if (saved.handlers.join() === now.handlers.join()) return [];
  return [`${now.host}: other handlers would run: ${now.handlers.join(', ') || 'none'}`];
}

function changeAt(host: SavedHost, path: string): string {
  return JSON.stringify(host.changes.filter((change) => change.path === path));
}

interface Summary {
  readonly summary: Omit<SavedPlan, 'secrets'>;
  /** fingerprints of what must not be stored in it */
  readonly secret: readonly string[];
}

function summarize(plan: ClusterPlan, sources: PlanSources): Summary {
  const { text, playbookText, secrets } = sources;
  return {
    summary: {
      schemaVersion: 1,
      version: packageVersion(),
      inventory: sha256(secrets?.mask(text) ?? text),
      playbook: sha256(playbookText),
      hosts: plan.hosts.map(summarizeHost),
    },
    secret: secretStates(plan),
  };
}

function summarizeHost(plan: HostPlan): SavedHost {
  const stages = stagesOf(plan);
  return {
    host: plan.host,
    machineId: plan.snapshot?.machineId ?? '',
    recipe: plan.recipe?.name ?? '',
    problem: plan.problem?.code ?? '',
    changes: stages.flatMap((stage) =>
      stage.changes.map((change) => ({
        stage: stage.number,
        path: change.path,
        action: change.action,
        ...(change.secret === undefined
          ? { before: stateFingerprint(change.before) ?? '', after: stateFingerprint(change.after) ?? '' }
          : { before: '', after: '', secret: true as const }),
      })),
    ),
    actions: stages.flatMap((stage) => stage.actions.map(({ action }) => `${stage.number} ${action.name}`)),
    handlers: stages.flatMap(({ handlers }) => handlers.map(({ handler }) => handler.id)),
    leaves: plan.leftovers === true,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
