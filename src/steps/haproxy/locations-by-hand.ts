import type { ByHand } from '../../model/plan.ts';
import type { NodeRelays, Relay } from '../relay/relays.ts';
import { forHost } from './answers.ts';
import { routesOf } from './read-backends.ts';
import { renderBackends } from './render-backends.ts';
import { useBackendLines } from './render-rules.ts';

/** The backends needed by a HAProxy that somebody else maintains, and the rules that lead to them. */
export function haproxyByHand(
  nodes: readonly NodeRelays[],
  { hostname, cluster }: { readonly hostname: string; readonly cluster: string },
): readonly ByHand[] {
  const backends = nodes
    .map(({ node, relays }) => `# ${node}\n${renderBackends(cluster, relays.map(verified), node)}`)
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

/**
 * HAProxy checks no certificate unless it is told whom to trust; where the authorities are is known of Debian
 * and Ubuntu.
 */
function verified(relay: Relay): Relay {
  const trust = { certificates: '/etc/ssl/certs/ca-certificates.crt', depth: 3 };
  return relay.scheme === 'https' ? { ...relay, trust: relay.trust ?? trust } : relay;
}
