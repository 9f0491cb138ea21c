import { z } from 'zod';
import type { Value } from '../../../formats/keyed-format.ts';
import type { ByHand } from '../../../model/plan.ts';
import { renderLocations } from '../../nginx/render-locations.ts';
import type { StepModule } from '../../step-module.ts';
import { type Node, node, relayedNodes } from '../nodes.ts';
import { type NodeRelays, type Relay, relaysOf } from '../relays.ts';
import { apacheDirectives } from './apache.ts';
import { traefikRouters } from './traefik.ts';
import { inWords } from './words.ts';

const parameters = z.strictObject({
  software: z
    .enum(['auto', 'nginx', 'haproxy', 'caddy', 'apache', 'traefik', 'other'])
    .default('auto')
    .describe('in whose words; auto: those of nginx, other: plain words'),
  nodes: z
    .union([z.literal('').transform((): Node[] => []), z.array(node)])
    .describe('the nodes, such as {{ hosts.node }}'),
});

type ByHandParameters = z.infer<typeof parameters>;

/**
 * What a proxy that somebody else runs must do for the nodes, in the words of its software. On a host that is
 * managed it does nothing: other steps do it there.
 */
export const relaysByHand: StepModule<ByHandParameters> = {
  name: 'relays-by-hand',
  description: 'for a proxy that somebody else runs: what it has to do, printed with the plan',
  parameters,
  reads: () => ({}),
  apply: () => undefined,
  byHand: (given, { hostname }) => {
    const { software, nodes } = given as { readonly software?: Value; readonly nodes?: unknown };
    const known = z.array(node).safeParse(nodes);
    const relays = known.success
      ? relayedNodes(known.data).map((one) => ({ node: one.name, relays: relaysOf(one, {}) }))
      : [];
    return relays.length === 0 ? [] : [textFor(String(software), relays, hostname)];
  },
};

function textFor(software: string, nodes: readonly NodeRelays[], hostname: string): ByHand {
  const title = (words: string) =>
    `locations for ${hostname}, whose server is maintained elsewhere (${words})`;
  switch (software) {
    case 'apache':
      return { title: title("for Apache's virtual host"), text: apacheDirectives(nodes) };
    case 'traefik':
      return { title: title("for Traefik's file provider"), text: traefikRouters(nodes, hostname) };
    case 'other':
      return { title: title('in plain words'), text: inWords(nodes, hostname) };
    default:
      return { title: title("in nginx's syntax"), text: named(nodes, renderLocations) };
  }
}

/** A comment names each node. Checking certificates is left to those who know the authorities. */
function named(nodes: readonly NodeRelays[], render: (relays: readonly Relay[]) => string): string {
  return nodes.map(({ node: name, relays }) => `# ${name}\n${render(relays)}`).join('\n');
}
