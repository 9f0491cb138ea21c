import { endsSoon } from '../doctor/certificates.ts';
import { laterDue } from '../doctor/renewal-due.ts';
import type { RenewalsFound } from '../doctor/renewals-found.ts';
import { renewerOf, renewerWords } from '../doctor/renewed-by.ts';
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

/** When a certificate is to be renewed, in milliseconds, and by whom; see `laterDue`. */
export function renewalOf(
  one: Surroundings['shown'][number],
  renewals: RenewalsFound | undefined,
  now: number,
): { readonly due: number; readonly renewer: string | undefined } {
  const renewer = renewals && renewerOf(one, renewals);
  return { due: laterDue(one, renewer?.due), renewer: renewer && renewerWords(renewer, now) };
}

/** Each certificate once, with the hosts that show it; the one that ends first comes first. */
export function certificatesIn(
  surroundings: ReadonlyMap<string, Surroundings>,
  renewals: ReadonlyMap<string, RenewalsFound>,
  now: number,
): readonly ShownCertificate[] {
  const known = new Map<string, ShownCertificate>();
  for (const [host, { shown }] of surroundings) {
    for (const one of shown) {
      const renewal = renewalOf(one, renewals.get(host), now);
      const key = JSON.stringify([one.name, one.serial, one.validTo]);
      const before = known.get(key);
      const hosts = [...new Set([...(before?.hosts ?? []), host])];
      const ends = isoOf(one.validTo / 1_000);
      const begins = isoOf(one.validFrom / 1_000);
      // One that was copied is renewed on one of its hosts.
      const due = Math.max(renewal.due, Date.parse(before?.due ?? begins));
      known.set(key, {
        ...{ name: one.name, hosts, begins, ends, endsSoon: endsSoon(one, now, due) },
        ...{ due: isoOf(due / 1_000), renewer: before?.renewer ?? renewal.renewer },
      });
    }
  }
  return [...known.values()].sort((one, other) => Date.parse(one.ends) - Date.parse(other.ends));
}
