import type { Inventory, InventoryHost } from '../inventory/inventory.ts';
import type { HostAction } from '../model/action.ts';
import type { Guard } from '../model/handler.ts';
import { emptyStage, type HostPlan, type Stage } from '../model/plan.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { guardReports } from '../plan/forward/guard-reports.ts';
import { guardsOf } from '../playbook/resolve/reads.ts';

/** The guards that are asked before everything on a host is interrupted: all that are for it. */
export function allGuards(inventory: Inventory, host: InventoryHost, snapshot: Snapshot): readonly Guard[] {
  return guardsOf(inventory, host, snapshot);
}

/**
 * A stage that does one thing which interrupts everything on a host and changes no file that is managed
 * there. It comes before the playbook's, hence its number: see `applyStages`.
 */
export function interruptingStage(plan: HostPlan, inventory: Inventory, action: HostAction): Stage {
  const { snapshot } = plan;
  return {
    ...emptyStage,
    number: 0,
    actions: [{ action, step: action.run.kind }],
    // Units may be starting afterwards, or have other names: what has to run is looked at from here.
    units: [],
    // Nothing of what is managed changes hands.
    ledger: snapshot?.ledger ?? {
      ...{ schemaVersion: 1, cluster: inventory.cluster.name, playbook: inventory.playbook.name },
      ...{ recipe: undefined, run: '', items: [], created: [] },
    },
    snapshot,
  };
}

/** The plan with these stages, and with what the guards of these say. */
export function withStages(plan: HostPlan, stages: readonly Stage[]): HostPlan {
  const { snapshot } = plan;
  return { ...plan, stages, guards: snapshot === undefined ? [] : guardReports(snapshot, stages) };
}

/** The plan of a host on which nothing is done; what an earlier run has left there is shown, and stays. */
export function leftAlone(plan: HostPlan): HostPlan {
  const nothing = { stages: [], guards: [], last: undefined, leftovers: undefined };
  return { ...plan, ...nothing, ...(plan.unsettled.length > 0 ? { skipped: true } : {}) };
}

/** The role that people use last is the one whose hosts can be taken out one by one; the others are doors. */
export function doorRoles(inventory: Inventory): readonly string[] {
  const used = inventory.playbook.roles.filter(({ name }) =>
    inventory.hosts.some(({ role }) => role === name),
  );
  return used.slice(0, -1).map(({ name }) => name);
}
