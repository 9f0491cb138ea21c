import { roleOf } from '../inventory/inventory.ts';
import type { ByHand } from '../model/plan.ts';
import { type ClusterView, clusterContext } from '../playbook/resolve/contexts.ts';
import { moduleOf } from '../playbook/resolve/modules.ts';
import { renderLeniently } from '../playbook/resolve/templates.ts';

/** What has to be configured by hand on the hosts of each role that the inventory calls external. */
export function byHandTexts(view: ClusterView): readonly ByHand[] {
  const { inventory, lists } = view;
  const { hostname } = inventory.cluster;
  const context = {
    cluster: clusterContext(inventory.cluster),
    vars: inventory.vars,
    hosts: lists,
  };
  return [...inventory.external].flatMap((role) =>
    roleOf(inventory.playbook, role).steps.flatMap((step) => {
      const module = moduleOf(inventory.playbook, step.module);
      return module.byHand?.(renderLeniently(step.parameters, context), { hostname }) ?? [];
    }),
  );
}
