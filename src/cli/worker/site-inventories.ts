import { OperatorError } from '../../model/operator-error.ts';
import type { Environment } from '../environment.ts';
import { withhold } from '../fleet/cluster-environment.ts';
import { type ClusterOfFleet, type Fleet, findClusters, readCluster } from '../fleet/clusters.ts';

/** A cluster of this site, and what programs that are run for it must not see. */
export interface ClusterOfSite {
  readonly inventory: string;
  /** see ClusterOfFleet */
  readonly hash: string | undefined;
  /** environment variables with other clusters' secrets */
  readonly withheld: ReadonlySet<string>;
}

/** The inventories of a site by their clusters' names, read anew whenever one is wanted. */
export class SiteInventories {
  readonly #patterns: readonly string[];
  readonly #environment: Environment;
  #fleet: Fleet | undefined;

  constructor(patterns: readonly string[], environment: Environment) {
    this.#patterns = patterns;
    this.#environment = environment;
  }

  /** The names of all clusters. Throws as `findClusters`. */
  async names(): Promise<readonly string[]> {
    return (await this.#read()).clusters.flatMap(({ name }) => name ?? []);
  }

  /** Throws OperatorError `engine-cluster-unknown` unless exactly one inventory is about that cluster. */
  async of(name: string): Promise<ClusterOfSite> {
    const known = this.#fleet?.clusters.filter((one) => one.name === name) ?? [];
    const [only] = known;
    if (only !== undefined && known.length === 1) {
      const now = await readCluster(only.inventory, this.#environment);
      if (now.name === name && now.variables.every((variable) => this.#fleet?.variables.has(variable)))
        return this.#found({ ...only, ...now });
    }
    const found = (await this.#read()).clusters.filter((one) => one.name === name);
    const [first] = found;
    if (first === undefined || found.length > 1) throw this.#unknown(name, found);
    return this.#found(first);
  }

  async #read(): Promise<Fleet> {
    const fleet = await findClusters({ inventory: this.#patterns, cluster: [] }, this.#environment);
    withhold(fleet.variables, this.#environment);
    this.#fleet = fleet;
    return fleet;
  }

  #found({ inventory, hash, variables: own }: ClusterOfFleet): ClusterOfSite {
    const all = this.#fleet?.variables ?? [];
    return { inventory, hash, withheld: new Set([...all].filter((one) => !own.includes(one))) };
  }

  #unknown(name: string, found: readonly ClusterOfFleet[]): OperatorError {
    const files = found.map(({ inventory }) => inventory).join(', ');
    return new OperatorError({
      code: 'engine-cluster-unknown',
      message:
        found.length === 0
          ? `the worker has no inventory of a cluster ${name}, or it has a mistake`
          : `the worker has several inventories of a cluster ${name}: ${files}`,
      next: 'see that its folder of inventories is up to date, and matches the patterns that it was started with; clusterproxy validate tells of mistakes',
    });
  }
}
