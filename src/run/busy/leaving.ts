import type { Cordon } from '../../model/drain.ts';

/** Why a host stays out that leaves the cluster, or has left it: the host that told the balancer notes it. */
export const isLeavingWords = 'it is leaving the cluster';
export const hasLeftWords = 'it has left the cluster';

/** Whether a host is out because it has left the cluster, so that it isn't given back with the others. */
export function isLeft({ stays }: Pick<Cordon, 'stays'>): boolean {
  return stays === hasLeftWords;
}
