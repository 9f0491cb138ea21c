import { z } from 'zod';
import type { ByHand } from '../../../model/plan.ts';
import { caddyRulesByHand } from '../../caddy/rules-by-hand.ts';
import { haproxyByHand } from '../../haproxy/locations-by-hand.ts';
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
  cluster: z.string().default('').describe("the cluster's name, which is part of names in the text"),
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
    const { software, cluster, nodes } = given as { readonly [Name in keyof ByHandParameters]?: unknown };
    const known = z.array(node).safeParse(nodes);
    const relays = known.success
      ? relayedNodes(known.data).map((one) => ({ node: one.name, relays: relaysOf(one, {}) }))
      : [];
    return relays.length === 0
      ? []
      : textsFor(String(software), relays, { hostname, cluster: String(cluster ?? '') });
  },
};

function textsFor(
  software: string,
  nodes: readonly NodeRelays[],
  names: { readonly hostname: string; readonly cluster: string },
): readonly ByHand[] {
  const { hostname } = names;
  const locations = (words: string, text: string) => [
    { title: `locations for ${hostname}, whose server is maintained elsewhere (${words})`, text },
  ];
  switch (software) {
    case 'haproxy':
      return haproxyByHand(nodes, names);
    case 'caddy':
      return caddyRulesByHand(nodes, names);
    case 'apache':
      return locations("for Apache's virtual host", apacheDirectives(nodes));
    case 'traefik':
      return locations("for Traefik's file provider", traefikRouters(nodes, hostname));
    case 'other':
      return locations('in plain words', inWords(nodes, hostname));
    default:
      return locations("in nginx's syntax", named(nodes, renderLocations));
  }
}

/** A comment names each node. Checking certificates is left to those who know the authorities. */
function named(nodes: readonly NodeRelays[], render: (relays: readonly Relay[]) => string): string {
  return nodes.map(({ node: name, relays }) => `# ${name}\n${render(relays)}`).join('\n');
}
