import type { ByHand } from '../../model/plan.ts';
import type { NodeRelays } from '../relay/relays.ts';
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
    .map(({ node, relays }) => `# ${node}\n${renderBackends(cluster, relays, node)}`)
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
