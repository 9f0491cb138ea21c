import { type Inventory, roleOf } from '../inventory/inventory.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { ByHand, ClusterPlan } from '../model/plan.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { crossChecksOf } from '../plan/cross-checks.ts';
import type { Resolve, Wanted } from '../plan/evaluate.ts';
import { planCluster } from '../plan/plan-cluster.ts';
import { type ClusterView, viewCluster } from '../playbook/contexts.ts';
import { healthWarnings } from '../playbook/health.ts';
import { type ReadsOptions, readsOf } from '../playbook/reads.ts';
import { resolveHost } from '../playbook/resolve.ts';
import { byHandTexts } from './by-hand.ts';
import { limitedTo, skipOthers } from './limit.ts';
import { look } from './look.ts';
import type { RunOptions } from './options.ts';

/** Look at all hosts and plan what they are to become. Nothing is changed anywhere. */
export async function planRun(options: RunOptions & Partial<ReadsOptions>): Promise<ClusterPlan> {
  const inventory = options.prune ? pruning(options.inventory) : options.inventory;
  const { guards = true } = options;
  const chosen = limitedTo(inventory.hosts, options.limit);
  const looks = await look({ ...options, inventory }, (host) => readsOf(inventory, host, { guards }));
  const snapshots = new Map(
    looks.flatMap(({ host, snapshot }) => (snapshot ? [[host.name, snapshot] as const] : [])),
  );
  const hosts = planCluster({
    cluster: inventory.cluster.name,
    playbook: inventory.playbook.name,
    hosts: looks.map(({ host, ...rest }) => ({ name: host.name, role: host.role, ...rest })),
    resolve: resolveAll(inventory),
    crossChecks: crossChecksOf(inventory.playbook.crossChecks),
  });
  const asked = guards ? hosts : hosts.map((host) => ({ ...host, guards: [] }));
  return { hosts: skipOthers(asked, chosen), byHand: byHand(inventory, snapshots), warnings: [] };
}

/** `--prune` is the variable of that name, for this run and all hosts. */
function pruning(inventory: Inventory): Inventory {
  const hosts = inventory.hosts.map((host) => ({ ...host, vars: { ...host.vars, prune: true } }));
  return { ...inventory, hosts };
}

/** The playbook's answer to what is known of all hosts. */
export function resolveAll(inventory: Inventory): Resolve {
  return (snapshots) => {
    const view = viewCluster(inventory, snapshots);
    return new Map(
      [...snapshots].map(([name, snapshot]) => [name, resolveOne(view, name, snapshot)] as const),
    );
  };
}

function resolveOne(view: ClusterView, name: string, snapshot: Snapshot): Wanted | OperatorError {
  try {
    const { host, recipe, steps, handlers, health, warnings, units } = resolveHost(view, name);
    const role = roleOf(view.inventory.playbook, host.role);
    return {
      recipe,
      steps,
      handlers,
      units,
      warnings: [...warnings, ...healthWarnings(health, snapshot)],
      notifyOf: (id) => role.steps.find((step) => step.id === id)?.notify ?? [],
    };
  } catch (error) {
    if (error instanceof OperatorError) return error;
    throw error;
  }
}

function byHand(inventory: Inventory, snapshots: ReadonlyMap<string, Snapshot>): readonly ByHand[] {
  return inventory.external.size === 0 ? [] : byHandTexts(viewCluster(inventory, snapshots));
}
