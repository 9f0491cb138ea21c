import type { Cordon } from '../model/drain.ts';
import { absent, found, type HostTrouble } from './seen.ts';

/** Nobody but a person gives it back. */
export const nodeStaysOut: HostTrouble = {
  id: 'node-stays-out',
  title: 'a node gets no new people until somebody has looked at it',
  judge: ({ snapshot: { cordons = [] } }) => {
    const staying = cordons.filter(({ stays }) => stays !== undefined);
    const [first] = staying;
    if (first === undefined) return absent;
    return found(
      staying.map(words).join('; '),
      'the balancer was told on this host to send nobody there, and is not told otherwise by itself',
      `once it is well: clusterproxy release ${staying.map(({ node }) => node).join(' ')}`,
    );
  },
};

function words({ node, since, stays }: Cordon): string {
  const time = new Date(since * 1_000).toISOString().slice(0, 16).replace('T', ' ');
  return `${node}, since ${time} UTC: ${stays}`;
}
