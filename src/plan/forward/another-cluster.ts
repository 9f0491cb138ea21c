import type { Problem } from '../../model/operator-error.ts';
import type { Snapshot } from '../../model/snapshot.ts';

/** Which cluster uses a host, and whether the host's role in it may be shared with other clusters. */
export interface Asking {
  readonly cluster: string;
  readonly shared: boolean;
}

/**
 * Why a cluster can't use the host: another one manages things there, and at least one of the two must not
 * share it. Undefined if there is no such cluster. The host itself also refuses.
 */
export function anotherCluster(
  { host, others = [] }: Snapshot,
  { cluster, shared }: Asking,
): Problem | undefined {
  const other = others.find((one) => !shared || one.shared === false);
  if (other === undefined) return undefined;
  return {
    code: 'another-cluster',
    message: `this host belongs to the cluster ${other.cluster}, not to ${cluster}`,
    next: 'take the host out of that cluster first (`clusterproxy retire`), or correct cluster.name in the inventory',
    host,
  };
}
