import { OperatorError, problemsOf } from '../../model/operator-error.ts';
import { exitStatus, worstOf } from '../../model/result.ts';
import type { FleetDocument } from '../../report/document/fleet-schema.ts';
import { errorDocument } from '../../report/document/problem.ts';
import { mergedMetrics, metricsOf } from '../../schedule/metrics/many-clusters.ts';
import { readTextfile, writeTextfile } from '../../schedule/metrics/textfile.ts';
import type { MetricsOptions } from '../metrics.ts';
import type { MetricsStore } from '../metrics-writer.ts';
import type { ClusterOfFleet, Fleet } from './clusters.ts';

/** The metrics of a fleet in one file: of each cluster, what its own command would have written. */
export class FleetMetrics {
  readonly #file: string;
  readonly #former: string | undefined;
  readonly #clusters: readonly ClusterOfFleet[];
  /** by inventory: what its command that was carried out last has told */
  readonly #told = new Map<string, string>();

  private constructor(file: string, former: string | undefined, { clusters }: Fleet) {
    this.#file = file;
    this.#former = former;
    this.#clusters = clusters;
  }

  /** Throws OperatorError `usage` where two clusters have one name: their metrics would be the same. */
  static async begin({ metrics }: MetricsOptions, fleet: Fleet): Promise<FleetMetrics | undefined> {
    if (metrics === undefined) return undefined;
    const names = fleet.clusters.flatMap(({ name }) => name ?? []);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined)
      throw new OperatorError({
        code: 'usage',
        message: `several clusters are called ${twice}, and --metrics tells clusters apart by their names`,
        next: 'give them different names (`cluster.name`), or leave some out with --cluster',
      });
    return new FleetMetrics(metrics, await readTextfile(metrics), fleet);
  }

  /** Where those of a cluster are kept until all have ended. */
  of({ inventory, name, shown }: ClusterOfFleet): MetricsStore {
    return {
      cluster: shown,
      read: () => Promise.resolve(metricsOf(this.#former, name ?? shown)),
      write: (text) => {
        this.#told.set(inventory, text);
        return Promise.resolve();
      },
    };
  }

  /**
   * Writes them all; of a cluster that had no turn, what was known before. Returns the document, with what
   * went wrong.
   */
  async write(document: FleetDocument): Promise<FleetDocument> {
    const texts = this.#clusters.flatMap(
      ({ inventory, name, shown }) =>
        this.#told.get(inventory) ?? metricsOf(this.#former, name ?? shown) ?? [],
    );
    try {
      await writeTextfile(this.#file, mergedMetrics(texts));
      return document;
    } catch (error) {
      const problems = problemsOf(error);
      const { summary, errors = [] } = document;
      const status = worstOf(summary.exitStatus, exitStatus.failed);
      return {
        ...{ ...document, errors: [...errors, ...problems.map(errorDocument)] },
        summary: { ...summary, exitStatus: status },
      };
    }
  }
}
