import type { Ledger } from '../model/ledger.ts';
import type { OtherCluster } from '../model/snapshot.ts';
import { printable } from './records.ts';

/** What a host remembers about one cluster. */
interface ClusterState {
  readonly kind: 'own-state' | 'other-state';
  readonly cluster: string;
  /** items of its ledger */
  readonly path: string;
  readonly role: string;
  readonly sharing: string;
}

/** The clusters about which a host remembers anything. */
export function clusterStates(facts: readonly string[][], root: string): readonly ClusterState[] {
  return facts.flatMap(([kind, cluster = '', folder = '', role = '', sharing = '']) =>
    kind === 'own-state' || kind === 'other-state'
      ? [
          {
            kind,
            cluster: printable(cluster),
            path: `${folder.slice(root.length)}/ledger.json`,
            role,
            sharing,
          },
        ]
      : [],
  );
}

/** The clusters other than the one that asks that have anything on the host. */
export function otherClusters(
  states: readonly ClusterState[],
  ledgers: ReadonlyMap<string, Ledger | undefined>,
  facts: readonly string[][],
): readonly OtherCluster[] {
  return states.flatMap(({ kind, cluster, path, role, sharing }) => {
    const ledger = ledgers.get(path);
    if (kind === 'own-state' || ledger === undefined || ledger.items.length === 0) return [];
    const known = sharing === 'shared' || sharing === 'alone';
    return [
      {
        cluster,
        role: role === '' ? undefined : printable(role),
        shared: known ? sharing === 'shared' : undefined,
        units: facts.flatMap(([fact, of, unit = '']) =>
          fact === 'state-unit' && of === cluster ? [unit] : [],
        ),
        ledger,
      },
    ];
  });
}
