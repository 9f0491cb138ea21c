/** What of a cluster shows that another inventory is about the same one. */
export interface Addressed {
  readonly inventory: string;
  readonly name: string;
  /** how its hosts are reached; see `addressOf` */
  readonly addresses: ReadonlySet<string>;
}

/** Two inventories that name hosts in common. */
export interface Pair<Cluster> {
  readonly one: Cluster;
  readonly other: Cluster;
  /** addresses that both have */
  readonly shared: readonly string[];
  /** the same name as well: the same cluster twice, and what one changes the other would change back */
  readonly isSame: boolean;
}

/** `bbb-01.example.com:22` */
export function addressOf({
  host,
  port = 22,
}: {
  readonly host: string;
  readonly port?: number | undefined;
}) {
  return `${host.toLowerCase()}:${port}`;
}

/** All pairs of clusters with a host in common, in the order of the clusters. */
export function pairsSharing<Cluster extends Addressed>(
  clusters: readonly Cluster[],
): readonly Pair<Cluster>[] {
  return clusters.flatMap((one, index) =>
    clusters.slice(index + 1).flatMap((other) => {
      const shared = [...one.addresses].filter((address) => other.addresses.has(address));
      return shared.length === 0 ? [] : [{ one, other, shared, isSame: one.name === other.name }];
    }),
  );
}
