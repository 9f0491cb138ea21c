import { fleetDocument } from '../../report/document/fleet.ts';
import type { Environment } from '../environment.ts';
import type { CommonOptions } from '../options.ts';
import type { ClusterCall } from './carry-out-cluster.ts';
import { findClusters, fleetWarnings } from './clusters.ts';
import { endFleet, showFleet } from './end-fleet.ts';
import { commonOf, type FleetOptions, usualLooks } from './options.ts';
import { fleetConnector, runStage } from './run-fleet.ts';

/** What is done with each cluster. */
export interface Looking {
  readonly command: 'plan' | 'check' | 'status';
  readonly call: (common: CommonOptions) => ClusterCall;
}

/** Looks at all clusters and tells what was found; returns the exit status. */
export async function lookAtFleet(
  { command, call }: Looking,
  options: FleetOptions & { readonly summary?: boolean },
  environment: Environment,
): Promise<number> {
  await environment.attend();
  const { chooseFleetView } = await import('../../report/choose-view.ts');
  const fleet = await findClusters(options, environment);
  if (options.pager === true && !options.json) environment.output.keepForPager();
  const view = chooseFleetView(environment.output, options);
  const connector = fleetConnector(environment, options.json);
  const { outcomes } = await runStage(
    fleet,
    {
      ...{ rings: [fleet.clusters], maxFailed: Number.POSITIVE_INFINITY },
      call: ({ inventory }) => call(commonOf(options, inventory)),
      atOnce: options.parallelClusters ?? usualLooks,
    },
    { environment, view, connector },
  ).finally(() => connector.close().catch(() => undefined));
  const clusters = fleet.clusters.flatMap((cluster) => {
    const outcome = outcomes.get(cluster);
    const { inventory, name = null } = cluster;
    return outcome === undefined
      ? []
      : [{ inventory, cluster: name, turn: 'had' as const, document: outcome.document }];
  });
  const document = fleetDocument(
    {
      ...{ command: `fleet ${command}`, clusters, warnings: fleetWarnings(fleet), errors: [] },
      ...{ interrupted: environment.signal.aborted, changed: false },
    },
    environment.secrets,
  );
  showFleet(document, view);
  return endFleet(document, view);
}
