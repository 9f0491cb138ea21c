import type { Problem } from '../model/operator-error.ts';
import type { Snapshot } from '../model/snapshot.ts';

/** Why a cluster can't have the host: another one manages things there. Undefined where none does. The host itself refuses as well. */
export function anotherCluster({ host, ledger }: Snapshot, cluster: string): Problem | undefined {
  if (ledger === undefined || ledger.items.length === 0 || ledger.cluster === cluster) return undefined;
  return {
    code: 'another-cluster',
    message: `this host belongs to the cluster ${ledger.cluster}, not to ${cluster}`,
    next: 'take it out there first (`clusterproxy retire`), or correct cluster.name in the inventory',
    host,
  };
}
