import type { Problem } from '../../model/operator-error.ts';
import type { Snapshot } from '../../model/snapshot.ts';

/** Which cluster wants a host, and whether the role that it has there may be shared with other clusters. */
export interface Asking {
  readonly cluster: string;
  readonly shared: boolean;
}

/**
 * Why a cluster can't have the host: another one manages things there, and one of the two has it for itself
 * alone. Undefined where none does. The host itself refuses as well.
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
    next: 'take it out there first (`clusterproxy retire`), or correct cluster.name in the inventory',
    host,
  };
}
