import { type Inventory, roleOf } from '../inventory/inventory.ts';
import { OperatorError } from '../model/operator-error.ts';
import { isManaged, type Snapshot } from '../model/snapshot.ts';
import type { Resolve, Wanted } from '../plan/forward/evaluate.ts';
import { withoutContents } from '../plan/rollback/plan-rollback.ts';
import { type ClusterView, viewCluster } from '../playbook/resolve/contexts.ts';
import { downWords, healthWarnings } from '../playbook/resolve/health.ts';
import { type ResolvedHost, resolveHost } from '../playbook/resolve/resolve.ts';
import { itemFormatsOf } from '../steps/item-formats.ts';

/** The playbook's plan, from what is known about all hosts. */
export function resolveAll(inventory: Inventory): Resolve {
  return (snapshots, only) => {
    const view = viewCluster(inventory, snapshots);
    const meant = [...snapshots].filter(([name]) => only === undefined || only.has(name));
    return new Map(meant.map(([name, snapshot]) => [name, resolveOne(view, name, snapshot)] as const));
  };
}

function resolveOne(view: ClusterView, name: string, snapshot: Snapshot): Wanted | OperatorError {
  try {
    const host = view.hosts.get(name)?.host;
    // Whatever is installed there: we manage nothing on it.
    if (host?.state === 'retired' && !isManaged(snapshot)) return nothingWanted;
    return wantedOf(view, resolveHost(view, name), snapshot);
  } catch (error) {
    if (error instanceof OperatorError) return error;
    throw error;
  }
}

function wantedOf(view: ClusterView, resolved: ResolvedHost, snapshot: Snapshot): Wanted {
  const { host, recipe, steps, handlers, health, warnings, units } = resolved;
  const role = roleOf(view.inventory.playbook, host.role);
  const retired = host.state === 'retired';
  const stages = retired ? undefined : stagesWith(steps, resolved.stages);
  return {
    recipe,
    steps: stages === undefined ? steps.map((step) => ({ ...step, stage: 1 })) : steps,
    // The services of a retired host need not behave like those of the cluster.
    handlers: retired ? handlers.map(withoutContents) : handlers,
    units,
    warnings: [...(retired ? [] : warnings), ...healthWarnings(health, snapshot)],
    down: downWords(health, snapshot),
    notifyOf: (id) => role.steps.find((step) => step.id === id)?.notify ?? [],
    folderOf: (id) => role.steps.find((step) => step.id === id)?.folderOf ?? [],
    // A retired host is restored at once.
    stages,
    formats: itemFormatsOf(view.inventory.playbook),
  };
}

/**
 * Without the last ones that have nothing to do with this host; undefined where all of its steps are in one.
 * The others keep their numbers: what is found after a stage may bring steps of another one.
 */
function stagesWith(steps: ResolvedHost['steps'], names: readonly string[]): readonly string[] | undefined {
  const used = new Set(steps.map(({ stage = 1 }) => stage));
  return used.size > 1 ? names.slice(0, Math.max(...used)) : undefined;
}

const nothingWanted: Wanted = {
  recipe: undefined,
  steps: [],
  handlers: [],
  units: [],
  warnings: [],
  notifyOf: () => [],
};
