import { z } from 'zod';
import type { Value } from '../../formats/keyed-format.ts';
import type { ByHand } from '../../model/plan.ts';
import { node } from '../relay/nodes.ts';
import { relaysByHand } from '../relay/relays.ts';
import { renderLocations } from './render-locations.ts';

/** The locations needed by a proxy that somebody else maintains. */
export function locationsByHand(
  parameters: Value,
  { hostname }: { readonly hostname: string },
): readonly ByHand[] {
  const { nodes } = parameters as { readonly nodes?: unknown };
  const known = z.array(node).safeParse(nodes);
  const text = known.success ? relaysByHand(known.data, renderLocations) : '';
  if (text === '') return [];
  return [
    { title: `locations for ${hostname}, whose server is maintained elsewhere (in nginx's syntax)`, text },
  ];
}
