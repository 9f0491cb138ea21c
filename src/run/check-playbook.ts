import { OperatorErrors, type Problem, problemsOf } from '../model/operator-error.ts';
import { type HostPlan, stagesOf } from '../model/plan.ts';
import { crossChecksOf } from '../plan/forward/cross-checks.ts';
import { planCluster } from '../plan/forward/plan-cluster.ts';
import { programProblems } from '../playbook/check/check-programs.ts';
import {
  type Sample,
  sampleInventory,
  sampleSnapshot,
  samplesOf,
  sampleVariables,
} from '../playbook/check/samples.ts';
import { loadPlaybook } from '../playbook/read/load.ts';
import { type ClusterView, viewCluster } from '../playbook/resolve/contexts.ts';
import { resolveOutsideChecks } from '../playbook/resolve/outside-checks.ts';
import type { LoadedPlaybook } from '../steps/loaded-playbook.ts';
import { resolveAll } from './wanted.ts';

/** A sample host, and its plan by a playbook. */
export interface TriedHost {
  readonly sample: Sample;
  readonly plan: HostPlan;
  /** steps that need something that a simulated host lacks */
  readonly untried: readonly string[];
}

export interface CheckedPlaybook {
  readonly playbook: LoadedPlaybook;
  readonly hosts: readonly TriedHost[];
}

/**
 * Load a playbook and plan it for its sample hosts, including the fixpoint check, without a connection.
 * Throws OperatorErrors if it can't be loaded; a host's problems are in its plan.
 */
export async function checkPlaybook(reference: string, directory: string): Promise<CheckedPlaybook> {
  const playbook = await loadPlaybook(reference, directory);
  const misspelt = await programProblems(playbook);
  if (misspelt.length > 0) throw new OperatorErrors(misspelt);
  const samples = await samplesOf(playbook);
  const inventory = sampleInventory(playbook, await sampleVariables(playbook), samples);
  const hosts = inventory.hosts.flatMap((host, index) => {
    const sample = samples[index];
    return sample === undefined ? [] : [{ sample, snapshot: sampleSnapshot(inventory, host, sample) }];
  });
  const plans = planCluster({
    cluster: inventory.cluster.name,
    playbook: playbook.name,
    hosts: hosts.map(({ sample: { name, role }, snapshot }) => {
      return { name, role, snapshot, problem: undefined, durationMs: 0 };
    }),
    resolve: resolveAll(inventory),
    // These checks compare hosts of one cluster, which the samples aren't.
    crossChecks: samples.every(({ folder }) => folder !== undefined) ? crossChecksOf(playbook) : [],
  });
  const view = viewCluster(
    inventory,
    new Map(hosts.map(({ sample: { name }, snapshot }) => [name, snapshot] as const)),
  );
  return {
    playbook,
    hosts: plans.flatMap((plan, index) => {
      const sample = samples[index];
      if (sample === undefined) return [];
      const problem = plan.problem ?? problemOfChecks(view, plan.host);
      return [{ sample, plan: { ...plan, problem }, untried: untriedIn(plan) }];
    }),
  };
}

function untriedIn(plan: HostPlan): readonly string[] {
  const changes = stagesOf(plan).flatMap((stage) => stage.changes);
  return [...new Set(changes.filter(({ after }) => after.kind === 'pending').flatMap(({ steps }) => steps))];
}

/** Why the checks from outside can't be filled in for a host; undefined if they can. */
function problemOfChecks(view: ClusterView, host: string): Problem | undefined {
  try {
    resolveOutsideChecks(view, host);
    return undefined;
  } catch (error) {
    return problemsOf(error)[0];
  }
}
