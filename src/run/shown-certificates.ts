import { endsSoon } from '../doctor/certificates.ts';
import { readSurroundings, type Surroundings } from '../doctor/surroundings.ts';
import { remoteFile } from '../host/program.ts';
import type { Inventory, InventoryHost } from '../inventory/inventory.ts';
import { isoOf } from '../model/claims.ts';
import { type Query, queryKey } from '../model/reads.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { ShownCertificate } from '../model/today.ts';

/** What is asked of a host, and read in its snapshot, to learn what is around the product. */
export interface AskingSurroundings {
  readonly query: (host: InventoryHost) => Query;
  /** undefined where it was not asked, or did not answer in time */
  readonly read: (host: InventoryHost, snapshot: Snapshot | undefined) => Surroundings | undefined;
}

/** Certificates are asked for by the name of the cluster, and that of the host. */
export async function askingSurroundings(inventory: Pick<Inventory, 'cluster'>): Promise<AskingSurroundings> {
  const program = await remoteFile('surroundings.sh');
  const query = (host: InventoryHost): Query => ({
    ...{ kind: 'program', program },
    args: [namesOf(inventory, host).join(' ')],
  });
  return { query, read: (host, snapshot) => readSurroundings(snapshot?.answers.get(queryKey(query(host)))) };
}

/** The names by which browsers may ask a host. */
export function namesOf(inventory: Pick<Inventory, 'cluster'>, host: InventoryHost): readonly string[] {
  return [inventory.cluster.hostname, host.hostname ?? ''].filter((name) => name !== '');
}

/** Each certificate once, with the hosts that show it; the one that ends first comes first. */
export function certificatesIn(
  surroundings: ReadonlyMap<string, Surroundings>,
  now: number,
): readonly ShownCertificate[] {
  const known = new Map<string, ShownCertificate>();
  for (const [host, { shown }] of surroundings) {
    for (const one of shown) {
      const key = JSON.stringify([one.name, one.serial, one.validTo]);
      const before = known.get(key);
      const hosts = [...new Set([...(before?.hosts ?? []), host])];
      const ends = isoOf(one.validTo / 1_000);
      const begins = isoOf(one.validFrom / 1_000);
      known.set(key, { name: one.name, hosts, begins, ends, endsSoon: endsSoon(one, now) });
    }
  }
  return [...known.values()].sort((one, other) => Date.parse(one.ends) - Date.parse(other.ends));
}
