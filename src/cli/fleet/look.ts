import { fleetDocument } from '../../report/document/fleet.ts';
import type { Environment } from '../environment.ts';
import type { MetricsOptions } from '../metrics.ts';
import type { CommonOptions } from '../options.ts';
import type { ClusterCall } from './carry-out-cluster.ts';
import { fleetEnvironment, withhold } from './cluster-environment.ts';
import { type ClusterOfFleet, findClusters, fleetWarnings } from './clusters.ts';
import { endFleet, showFleet } from './end-fleet.ts';
import { FleetMetrics } from './fleet-metrics.ts';
import { FleetReports } from './fleet-reports.ts';
import { commonOf, type FleetOptions, usualLooks } from './options.ts';
import { fleetMeans, outcomeOf, runStage } from './run-fleet.ts';

/** What is done with each cluster. */
export interface Looking {
  readonly command: 'plan' | 'check' | 'status';
  readonly call: (common: CommonOptions) => ClusterCall;
}

/** Looks at all clusters and tells what was found; returns the exit status. */
export async function lookAtFleet(
  { command, call }: Looking,
  options: FleetOptions & MetricsOptions & { readonly summary?: boolean },
  given: Environment,
): Promise<number> {
  const environment = fleetEnvironment(given);
  await environment.attend();
  const { chooseFleetView } = await import('../../report/choose-view.ts');
  const fleet = await findClusters(options, environment);
  withhold(fleet.variables, environment);
  const inventories = fleet.clusters.map(({ inventory }) => inventory);
  const reports = await FleetReports.begin(options, inventories, environment);
  const metrics = await FleetMetrics.begin(options, fleet);
  if (options.pager === true && !options.json) environment.output.keepForPager();
  const onlyNews = options.quiet && command === 'check';
  const view = chooseFleetView(environment.output, { ...options, onlyNews });
  const means = fleetMeans(environment, view, { json: options.json, reports, metrics });
  const stage = {
    ...{ rings: [fleet.clusters], maxFailed: Number.POSITIVE_INFINITY },
    call: ({ inventory }: ClusterOfFleet) => call(commonOf(options, inventory)),
    atOnce: options.parallelClusters ?? usualLooks,
  };
  const rolled = await runStage(fleet, stage, means).finally(() =>
    means.connector.close().catch(() => undefined),
  );
  const clusters = fleet.clusters.map((cluster) => {
    const { turn, document } = outcomeOf(cluster, command, rolled, environment);
    return { inventory: cluster.inventory, cluster: cluster.name ?? null, turn, document };
  });
  const document = fleetDocument(
    {
      ...{ command: `fleet ${command}`, clusters, warnings: fleetWarnings(fleet), errors: [] },
      ...{ interrupted: environment.signal.aborted, changed: false },
    },
    environment.secrets,
  );
  showFleet(document, view);
  return endFleet(document, means);
}
