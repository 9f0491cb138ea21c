import type { ByHand } from '../../model/plan.ts';
import type { NodeRelays } from '../relay/relays.ts';
import { renderRelays } from './render-relays.ts';

/** The rules needed by a Caddy that somebody else maintains, of whatever version that is. */
export function caddyRulesByHand(
  nodes: readonly NodeRelays[],
  { hostname, cluster }: { readonly hostname: string; readonly cluster: string },
): readonly ByHand[] {
  const options = {
    prefix: `clusterproxy_${cluster}`,
    abilities: { keepsStreams: false, hasTrustPool: false, hasMetricsOption: false },
    skipsVerify: false,
  };
  const text = nodes
    .map(({ node, relays }) => `# ${node}\n${renderRelays(relays, node, options)}`)
    .join('\n');
  return [{ title: `rules for the site ${hostname}, which is maintained elsewhere (a Caddyfile)`, text }];
}
