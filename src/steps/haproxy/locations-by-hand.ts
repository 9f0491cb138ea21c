import { z } from 'zod';
import type { Value } from '../../formats/keyed-format.ts';
import type { ByHand } from '../../model/plan.ts';
import { node, relayedNodes } from '../relay/nodes.ts';
import { relaysOf } from '../relay/relays.ts';
import { forHost } from './answers.ts';
import { clusterName } from './locations-parameters.ts';
import { routesOf } from './read-backends.ts';
import { renderBackends } from './render-backends.ts';
import { useBackendLines } from './render-rules.ts';

const given = z.object({ cluster: clusterName, nodes: z.array(node) });

/** The backends needed by a HAProxy that somebody else maintains, and the rules that lead to them. */
export function haproxyLocationsByHand(
  parameters: Value,
  { hostname }: { readonly hostname: string },
): readonly ByHand[] {
  const known = given.safeParse(parameters);
  if (!known.success || relayedNodes(known.data.nodes).length === 0) return [];
  const { cluster } = known.data;
  const nodes = relayedNodes(known.data.nodes);
  const backends = nodes
    .map((one) => `# ${one.name}\n${renderBackends(cluster, relaysOf(one, {}), one.name)}`)
    .join('\n');
  const rules = useBackendLines(routesOf(backends), forHost(hostname)).map((line) => `    ${line}\n`);
  return [
    {
      title: `backends for ${hostname}, whose server is maintained elsewhere (in HAProxy's syntax)`,
      text: backends,
    },
    {
      title: `rules for the frontend of ${hostname}, before its other "use_backend" lines (in HAProxy's syntax)`,
      text: rules.join(''),
    },
  ];
}
