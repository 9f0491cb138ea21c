import { z } from 'zod';
import { roleOf } from '../inventory/inventory.ts';
import type { ByHand } from '../model/plan.ts';
import type { ClusterView } from '../playbook/resolve/contexts.ts';
import { renderLeniently } from '../playbook/resolve/templates.ts';
import { nginxLocations } from '../steps/nginx/locations.ts';
import { node, renderLocations } from '../steps/nginx/node-locations.ts';

/** The locations that a proxy which somebody else runs needs, for each role that the inventory calls external. */
export function byHandTexts(view: ClusterView): readonly ByHand[] {
  const { inventory, lists } = view;
  const { name, hostname } = inventory.cluster;
  const context = {
    cluster: { name, hostname, url: `https://${hostname}` },
    vars: inventory.vars,
    hosts: lists,
  };
  return [...inventory.external].flatMap((role) =>
    roleOf(inventory.playbook, role)
      .steps.filter(({ module }) => module === nginxLocations.name)
      .flatMap((step) => {
        const parameters = renderLeniently(step.parameters, context) as { readonly nodes?: unknown };
        const nodes = z.array(node).safeParse(parameters.nodes);
        const text = nodes.success ? renderLocations(nodes.data) : '';
        if (text === '') return [];
        return [
          { title: `locations for ${hostname}, whose server is not looked after here (nginx's form)`, text },
        ];
      }),
  );
}
