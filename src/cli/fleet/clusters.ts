import { basename } from 'node:path';
import { addressOf, type Pair, pairsSharing, wayTo } from '../../fleet/alike.ts';
import { pickClusters, unmatched } from '../../fleet/pick.ts';
import { OperatorError } from '../../model/operator-error.ts';
import { loadInventory } from '../../playbook/resolve/load-inventory.ts';
import { count, list } from '../../report/shared/prose.ts';
import { OwnRegister } from '../../secrets/own-register.ts';
import type { Environment } from '../environment.ts';
import { findInventories } from './find-inventories.ts';

/** A cluster of the fleet, as far as its inventory says without a host. */
export interface ClusterOfFleet {
  readonly inventory: string;
  /** undefined where the inventory can't be read: its own command says why */
  readonly name: string | undefined;
  /** what it is called among the others: its name, with the file where several have it */
  readonly shown: string;
  /** where its hosts are, and how they are reached */
  readonly addresses: ReadonlyMap<string, string>;
  /** the environment variables that its secrets are in */
  readonly variables: readonly string[];
}

export interface Fleet {
  readonly clusters: readonly ClusterOfFleet[];
  /** those that have hosts in common */
  readonly sharing: readonly Pair<ClusterOfFleet & { readonly name: string }>[];
  /** the environment variables that any inventory takes a secret from, chosen or not */
  readonly variables: ReadonlySet<string>;
}

/**
 * Finds out which clusters there are, and chooses among them. Throws OperatorErrors `fleet-no-inventory` and
 * `fleet-no-cluster`; an inventory with mistakes is one of the fleet, and its mistakes are told as its own.
 */
export async function findClusters(
  {
    inventory: patterns,
    cluster: wanted,
  }: {
    readonly inventory: readonly string[];
    readonly cluster: readonly string[];
  },
  environment: Environment,
): Promise<Fleet> {
  const files = await findInventories(patterns);
  const read: Omit<ClusterOfFleet, 'shown'>[] = [];
  // One after the other: each is parsed in one go, and a playbook is read by the first that names it.
  for (const file of files) {
    environment.signal.throwIfAborted();
    read.push(await readCluster(file, environment));
  }
  const strange = unmatched(read, wanted);
  if (strange.length > 0) throw noCluster(strange, read);
  const chosen = pickClusters(read, wanted);
  if (chosen.length === 0) throw noCluster(wanted, read);
  const clusters = chosen.map((one) => ({ ...one, shown: shownAs(one, chosen) }));
  const named = clusters.flatMap((one) => (one.name === undefined ? [] : [{ ...one, name: one.name }]));
  const variables = new Set(read.flatMap((one) => one.variables));
  return { clusters, sharing: pairsSharing(named), variables };
}

async function readCluster(file: string, { secrets }: Environment): Promise<Omit<ClusterOfFleet, 'shown'>> {
  const loaded = await loadInventory(file, new OwnRegister(secrets)).catch(() => undefined);
  return {
    ...{ inventory: file, name: loaded?.cluster.name },
    addresses: new Map((loaded?.hosts ?? []).map(({ ssh }) => [addressOf(ssh), wayTo(ssh)])),
    variables: (loaded?.secrets ?? []).flatMap(({ value }) =>
      typeof value !== 'string' && 'env' in value ? [value.env] : [],
    ),
  };
}

function shownAs(
  { name, inventory }: Omit<ClusterOfFleet, 'shown'>,
  all: readonly Omit<ClusterOfFleet, 'shown'>[],
): string {
  const called = name ?? basename(inventory);
  const isAlone = all.filter((other) => (other.name ?? basename(other.inventory)) === called).length === 1;
  return isAlone ? called : `${called} (${inventory})`;
}

function noCluster(
  patterns: readonly string[],
  clusters: readonly Pick<ClusterOfFleet, 'name' | 'inventory'>[],
): OperatorError {
  const names = clusters.map(({ name, inventory }) => name ?? inventory);
  const few = names.length > 12 ? [...names.slice(0, 12), `${names.length - 12} more`] : names;
  return new OperatorError({
    code: 'fleet-no-cluster',
    message: `--cluster ${patterns.join(',')} leaves no cluster, or names one that is not among them`,
    next: `${count(names.length, 'cluster')}: ${list(few)}; name them as they stand there, or their inventories; * and ? stand for anything`,
  });
}

/** Whether two of them may not be worked on at the same time: a host is changed by one run only. */
export function excluding(fleet: Fleet): (one: ClusterOfFleet, other: ClusterOfFleet) => boolean {
  const pairs = new Set(fleet.sharing.map(({ one, other }) => `${one.inventory}\0${other.inventory}`));
  return ({ inventory: one }, { inventory: other }) =>
    pairs.has(`${one}\0${other}`) || pairs.has(`${other}\0${one}`);
}

/** What of the clusters is worth a word: hosts in two inventories, and names that several have. */
export function fleetWarnings({ sharing, clusters }: Fleet): readonly string[] {
  const pairs = sharing.map(({ one, other, shared, isSame }) => {
    const hosts = shared.length > 3 ? count(shared.length, 'host') : list(shared);
    return isSame
      ? `${one.inventory} and ${other.inventory} are about the same cluster ${one.name}: both have ${hosts}`
      : `${one.name} (${one.inventory}) and ${other.name} (${other.inventory}) share ${hosts}: they are never worked on at the same time`;
  });
  const names = new Set(clusters.map(({ name }) => name).filter((name) => name !== undefined));
  const namesakes = [...names].flatMap((name) => {
    const files = clusters.filter((one) => one.name === name).map(({ inventory }) => inventory);
    const isTold = sharing.some(({ one, isSame }) => isSame && one.name === name);
    return files.length > 1 && !isTold ? [`several clusters are called ${name}: ${list(files)}`] : [];
  });
  return [...pairs, ...namesakes];
}

/** Refuses to change the same cluster by two inventories: the second would change back what the first did. */
export function refuseSameCluster({ sharing }: Fleet): void {
  const same = sharing.find(({ isSame }) => isSame);
  if (same === undefined) return;
  const { one, other } = same;
  throw new OperatorError({
    code: 'fleet-same-cluster',
    message: `${one.inventory} and ${other.inventory} are both about the cluster ${one.name}, and have hosts in common: what one changes, the other would change back`,
    next: `leave one of them out: --cluster '!${other.inventory}'`,
  });
}
