import { z } from 'zod';
import { sha256 } from '../model/change.ts';
import { OperatorError } from '../model/operator-error.ts';
import { type ClusterPlan, type HostPlan, stageNumber, stagesOf } from '../model/plan.ts';
import { packageVersion } from '../version.ts';
import { stateFingerprint } from './record.ts';

/** What a saved plan was made from, besides the hosts: the texts of both files. */
export interface PlanSources {
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
    }),
  ),
  /** names of actions, each with its stage before it */
  actions: z.array(z.string()).default([]),
  handlers: z.array(z.string()),
  /** what is remembered of it goes at the end */
  leaves: z.boolean(),
});

const savedPlan = z.object({
  schemaVersion: z.literal(1),
  version: z.string(),
  inventory: z.string(),
  playbook: z.string(),
  hosts: z.array(savedHost),
});

/** A plan that was reviewed and is to be carried out later. It holds hashes, no contents, and so no secrets. */
export type SavedPlan = z.infer<typeof savedPlan>;
type SavedHost = z.infer<typeof savedHost>;

/** The plan as JSON text for a file. */
export function savePlan(plan: ClusterPlan, sources: PlanSources): string {
  return `${JSON.stringify(summarize(plan, sources), null, 2)}\n`;
}

export function readSavedPlan(text: string, file: string): SavedPlan {
  const parsed = savedPlan.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new OperatorError({
    code: 'saved-plan-unreadable',
    message: `${file} is not a plan that this version of clusterproxy has saved`,
    next: 'make a new one: clusterproxy plan --inventory FILE --out PLAN',
  });
}

/** What has changed since the plan was saved, in words; nothing where the two are the same. */
export function comparePlan(saved: SavedPlan, plan: ClusterPlan, sources: PlanSources): readonly string[] {
  const now = summarize(plan, sources);
  return [
    ...(saved.version === now.version ? [] : [`clusterproxy was ${saved.version} and is ${now.version}`]),
    ...(saved.inventory === now.inventory ? [] : ['the inventory has changed']),
    ...(saved.playbook === now.playbook ? [] : ['the playbook has changed']),
    ...compareHosts(saved.hosts, now.hosts),
  ];
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
  if (saved.machineId !== now.machineId) return [`${now.host}: another machine answers now`];
  if (saved.problem !== now.problem) return [`${now.host}: ${now.problem || 'it can be planned now'}`];
  if (saved.recipe !== now.recipe)
    return [`${now.host}: its recipe was ${saved.recipe} and is ${now.recipe}`];
  const paths = new Set([...saved.changes, ...now.changes].map((change) => change.path));
  const differing = [...paths].filter((path) => changeAt(saved, path) !== changeAt(now, path));
  if (differing.length > 0) return differing.map((path) => `${now.host}: ${path} is no longer as it was`);
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

function summarize(plan: ClusterPlan, sources: PlanSources): SavedPlan {
  return {
    schemaVersion: 1,
    version: packageVersion(),
    inventory: sha256(sources.text),
    playbook: sha256(sources.playbookText),
    hosts: plan.hosts.map(summarizeHost),
  };
}

function summarizeHost(plan: HostPlan): SavedHost {
  const stages = stagesOf(plan);
  return {
    host: plan.host,
    machineId: plan.snapshot?.machineId ?? '',
    recipe: plan.recipe?.name ?? '',
    problem: plan.problem?.code ?? '',
    changes: stages.flatMap((stage, index) =>
      stage.changes.map((change) => ({
        stage: stageNumber(stage, index),
        path: change.path,
        action: change.action,
        before: stateFingerprint(change.before) ?? '',
        after: stateFingerprint(change.after) ?? '',
      })),
    ),
    actions: stages.flatMap((stage, index) =>
      stage.actions.map(({ action }) => `${stageNumber(stage, index)} ${action.name}`),
    ),
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
