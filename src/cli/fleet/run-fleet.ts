import { type Rolled, roll } from '../../fleet/roll.ts';
import { exitStatus } from '../../model/result.ts';
import { errorReport } from '../../report/document/document.ts';
import { hasFailed } from '../../report/document/fleet.ts';
import type { FleetView } from '../../report/fleet-view.ts';
import type { Connector } from '../../ssh/connector.ts';
import { connectorOnDemand } from '../../ssh/connector-on-demand.ts';
import type { Environment } from '../environment.ts';
import { passphraseAsker } from '../passphrase.ts';
import { type ClusterCall, type ClusterOutcome, carryOutCluster } from './carry-out-cluster.ts';
import { type ClusterOfFleet, excluding, type Fleet } from './clusters.ts';
import type { FleetMetrics } from './fleet-metrics.ts';
import type { FleetReports } from './fleet-reports.ts';

/** What the commands of a fleet have in common while they work. */
export interface FleetMeans {
  readonly environment: Environment;
  readonly view: FleetView;
  readonly connector: Connector;
  /** has one after the other do what may ask somebody on the terminal */
  readonly inTurn: InTurn;
  readonly reports: FleetReports;
  readonly metrics: FleetMetrics | undefined;
}

type InTurn = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** An outcome for each of the clusters, also for those that an interruption came before. */
export function outcomeOf(
  cluster: ClusterOfFleet,
  command: string,
  { outcomes }: Pick<Rolled<ClusterOfFleet, ClusterOutcome>, 'outcomes'>,
  { secrets }: Environment,
): ClusterOutcome & { readonly turn: 'had' | 'not-begun' } {
  const outcome = outcomes.get(cluster);
  if (outcome !== undefined) return { ...outcome, turn: 'had' };
  const errors = [{ code: 'interrupted', message: 'interrupted before it was looked at' }];
  const document = errorReport(command, { exitStatus: exitStatus.interrupted, errors }, secrets);
  return { document, plan: undefined, turn: 'not-begun' };
}

/**
 * Hosts of all clusters are reached by the same means: a key's passphrase is asked for once. Meanwhile no
 * program that looks up a secret asks for another one on the same terminal.
 */
export function fleetMeans(
  environment: Environment,
  view: FleetView,
  { json, ...beside }: Pick<FleetMeans, 'reports' | 'metrics'> & { readonly json: boolean },
): FleetMeans {
  const inTurn = oneByOne();
  const ask = passphraseAsker(environment, { json });
  const askPassphrase: typeof ask = ask && ((...asked) => inTurn(() => ask(...asked)));
  return { environment, view, inTurn, ...beside, connector: connectorOnDemand({ askPassphrase }) };
}

export interface Stage {
  readonly rings: readonly (readonly ClusterOfFleet[])[];
  readonly call: (cluster: ClusterOfFleet) => ClusterCall;
  readonly atOnce: number;
  /** Infinity: all have their turn, whatever becomes of others */
  readonly maxFailed: number;
  readonly failedBefore?: readonly ClusterOfFleet[];
  /** as soon as one has ended */
  readonly ended?: (cluster: ClusterOfFleet, outcome: ClusterOutcome) => void;
}

/** Carries out a command on the clusters of a fleet, as `roll` decides. */
export async function runStage(
  fleet: Fleet,
  { rings, call, ended, ...limits }: Stage,
  { environment, view, connector, inTurn, reports, metrics }: FleetMeans,
): Promise<Rolled<ClusterOfFleet, ClusterOutcome>> {
  view.stage(rings.flat().length);
  try {
    return await roll<ClusterOfFleet, ClusterOutcome>({
      ...{ ...limits, rings, signal: environment.signal, excludes: excluding(fleet) },
      isFailure: hasFailed,
      carryOut: async (cluster) => {
        const watching = view.begin(cluster.shown);
        const written = { reports: reports.of(cluster.inventory), metrics: metrics?.of(cluster) };
        const own = { withheld: withheldFrom(cluster, fleet), ...written };
        const means = { environment, connector, view: watching, opening: inTurn, ...own };
        const outcome = await carryOutCluster(call(cluster), means);
        view.ended(cluster.shown, outcome);
        ended?.(cluster, outcome);
        return outcome;
      },
    });
  } finally {
    view.endStage();
  }
}

/** Variables with secrets that only others have. */
function withheldFrom({ variables: own }: ClusterOfFleet, { variables }: Fleet): ReadonlySet<string> {
  return new Set([...variables].filter((name) => !own.includes(name)));
}

/** Has one thing done after the other: programs that look up secrets may ask somebody on the terminal. */
function oneByOne(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
