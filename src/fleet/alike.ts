/** What of a cluster shows that another inventory is about the same one. */
export interface Addressed {
  readonly inventory: string;
  readonly name: string;
  /** where its hosts are, and through which others they are reached; see `addressOf` and `wayTo` */
  readonly addresses: ReadonlyMap<string, string>;
}

/** Two inventories that name hosts in common. */
export interface Pair<Cluster> {
  readonly one: Cluster;
  readonly other: Cluster;
  /** addresses that both have */
  readonly shared: readonly string[];
  /**
   * the same name as well, and reached in the same way: the same cluster twice, and what one changes the
   * other would change back
   */
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

/**
 * Through which hosts, and by which ssh configuration. Behind other hosts the same private address (RFC 1918)
 * is that of another machine.
 */
export function wayTo({
  proxyJump = '',
  config = '',
}: {
  readonly proxyJump?: string | undefined;
  readonly config?: string | undefined;
}): string {
  return `${proxyJump}\0${config}`;
}

/** All pairs of clusters with a host in common, in the order of the clusters. */
export function pairsSharing<Cluster extends Addressed>(
  clusters: readonly Cluster[],
): readonly Pair<Cluster>[] {
  return clusters.flatMap((one, index) =>
    clusters.slice(index + 1).flatMap((other) => {
      const shared = [...one.addresses.keys()].filter((address) => other.addresses.has(address));
      if (shared.length === 0) return [];
      const isOneWay = shared.some((address) => one.addresses.get(address) === other.addresses.get(address));
      return [{ one, other, shared, isSame: isOneWay && one.name === other.name }];
    }),
  );
}
