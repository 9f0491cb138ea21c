import { inRings, type Ring } from '../../fleet/rings.ts';
import { OperatorError, type Problem } from '../../model/operator-error.ts';
import { exitStatus } from '../../model/result.ts';
import type { SavedPlan } from '../../plan/saved/saved-plan.ts';
import { fleetDocument, hasFailed } from '../../report/document/fleet.ts';
import type { FleetCluster, FleetDocument, FleetTurn } from '../../report/document/fleet-schema.ts';
import type { ReportDocument } from '../../report/document/schema.ts';
import type { FleetView } from '../../report/fleet-view.ts';
import { count, list } from '../../report/shared/prose.ts';
import type { ApplyCommandOptions } from '../apply.ts';
import { askFirst } from '../ask-first.ts';
import { refuseTwoPolicies } from '../change-options.ts';
import type { Environment } from '../environment.ts';
import { policyWith } from '../queue-options.ts';
import { hasWork, hostsToChange, interruptedByDay, isHeld, refusedByDay, sumLines } from './agree.ts';
import { fleetEnvironment, withhold } from './cluster-environment.ts';
import {
  type ClusterOfFleet,
  type Fleet,
  findClusters,
  fleetWarnings,
  refuseSameCluster,
} from './clusters.ts';
import { endFleet, showFleet } from './end-fleet.ts';
import { FleetMetrics } from './fleet-metrics.ts';
import { FleetReports } from './fleet-reports.ts';
import { commonOf, type FleetOptions, usualLooks } from './options.ts';
import { type FleetMeans, fleetMeans, outcomeOf, runStage } from './run-fleet.ts';

export interface FleetApplyOptions
  extends FleetOptions,
    Omit<ApplyCommandOptions, keyof FleetOptions | 'limit' | 'plan'> {
  readonly maxFailedClusters: number;
  readonly rings: readonly Ring[];
  readonly summary: boolean;
}

/** How far a cluster of the fleet is. */
interface Progressed {
  readonly cluster: ClusterOfFleet;
  readonly ring: number;
  turn: FleetTurn;
  document: ReportDocument;
  /** what would be carried out; undefined where nothing can be */
  readonly plan: SavedPlan | undefined;
}

/**
 * Plans all clusters, asks once, and changes them ring by ring, each exactly as planned; returns the exit
 * status.
 */
export async function applyToFleet(typed: FleetApplyOptions, given: Environment): Promise<number> {
  refuseTwoPolicies(typed);
  refuseRunId(typed);
  const options = policyWith(typed);
  const environment = fleetEnvironment(given);
  await environment.attend();
  const { chooseFleetView } = await import('../../report/choose-view.ts');
  const fleet = await findClusters(options, environment);
  refuseSameCluster(fleet);
  withhold(fleet.variables, environment);
  const inventories = fleet.clusters.map(({ inventory }) => inventory);
  const reports = await FleetReports.begin(options, inventories, environment);
  const metrics = await FleetMetrics.begin(options, fleet);
  const view = chooseFleetView(environment.output, options);
  const means = fleetMeans(environment, view, { json: options.json, reports, metrics });
  try {
    return await new FleetRun(fleet, options, means).carryOut();
  } finally {
    await means.connector.close().catch(() => undefined);
  }
}

/** Each cluster's run has an id of its own, by which it is followed and resumed. */
function refuseRunId({ runId }: { readonly runId?: string }): void {
  if (runId === undefined) return;
  throw new OperatorError({
    code: 'usage',
    message: 'fleet apply takes no --run-id: each cluster has a run of its own',
    next: 'leave it out: the same call again does what is left to be done, or nothing',
  });
}

class FleetRun {
  readonly #fleet: Fleet;
  readonly #options: FleetApplyOptions;
  readonly #means: FleetMeans;
  #all: readonly Progressed[] = [];

  constructor(fleet: Fleet, options: FleetApplyOptions, means: FleetMeans) {
    this.#fleet = fleet;
    this.#options = options;
    this.#means = means;
  }

  async carryOut(): Promise<number> {
    const { signal } = this.#means.environment;
    await this.#plan();
    showFleet(this.#planned(), this.#view);
    const due = this.#all.filter(({ turn }) => turn === 'not-begun');
    if (signal.aborted) return this.#end();
    const refusal = this.#refusal();
    if (refusal !== undefined) return this.#end(refusal);
    if (due.length === 0) return this.#end();
    if (this.#options.dryRun) return this.#endDryRun(due);
    const answer = await this.#ask(due);
    if (answer !== 'yes') return this.#endUnbegun(answer);
    await this.#change(due);
    this.#view.table(this.#document());
    return this.#end();
  }

  /** Looks at all clusters, each of which keeps what it would do. */
  async #plan(): Promise<void> {
    const rings = inRings(this.#fleet.clusters, this.#options.rings);
    const { environment } = this.#means;
    const rolled = await runStage(
      this.#fleet,
      {
        ...{ rings: [this.#fleet.clusters], maxFailed: Number.POSITIVE_INFINITY },
        atOnce: this.#options.parallelClusters ?? usualLooks,
        call: ({ inventory }) => ({
          command: 'plan',
          options: {
            ...{ ...this.#options, ...commonOf(this.#options, inventory), limit: [] },
            ...(this.#options.force ? { whenBusy: 'force' as const } : {}),
            detailedExitcode: false,
          },
        }),
      },
      this.#means,
    );
    this.#all = this.#fleet.clusters.map((cluster) => {
      const { document, plan } = outcomeOf(cluster, 'plan', rolled, environment);
      const ring = rings.findIndex((one) => one.includes(cluster)) + 1;
      return { cluster, ring, document, plan, turn: this.#turnOf(document, plan) };
    });
  }

  #turnOf(document: ReportDocument, plan: SavedPlan | undefined): FleetTurn {
    if (plan === undefined) return 'not-planned';
    return hasWork(document) || this.#options.verify ? 'not-begun' : 'nothing-to-do';
  }

  /** Why no cluster begins, although somebody might agree. */
  #refusal(): Problem | undefined {
    const failed = this.#failing;
    const { maxFailedClusters: allowed, yes } = this.#options;
    if (failed.length > allowed) {
      const names = list(failed.map(({ cluster }) => cluster.shown));
      return {
        code: 'fleet-budget',
        message: `${names} can't be changed as ${failed.length === 1 ? 'it is' : 'they are'}, and --max-failed-clusters allows ${allowed === 0 ? 'none to fail' : count(allowed, 'failure')}: no cluster was begun`,
        next: `mend ${failed.length === 1 ? 'it' : 'them'}, leave out what can wait with --cluster '!NAME', or allow ${failed.length === 1 ? 'it' : 'them'} with --max-failed-clusters ${failed.length}`,
      };
    }
    return yes ? refusedByDay(this.#begun()) : undefined;
  }

  /** Those that have no plan, or of which it is known that they can't be changed as planned. */
  get #failing(): readonly Progressed[] {
    return this.#all.filter((one) => hasFailed(one) || (one.turn === 'not-begun' && isHeld(one.document)));
  }

  #begun() {
    return this.#all
      .filter(({ turn }) => turn === 'not-begun')
      .map(({ cluster: { shown }, document }) => ({ shown, document }));
  }

  #ask(due: readonly Progressed[]): ReturnType<typeof askFirst> {
    const { environment } = this.#means;
    const changing = this.#begun().filter(({ document }) => hasWork(document));
    const hosts = changing.flatMap(({ document }) => hostsToChange(document));
    const where = `${count(hosts.length, 'host')} in ${count(changing.length, 'cluster')}`;
    const rings = Math.max(...due.map(({ ring }) => ring));
    const order = rings > 1 ? `, in ${rings} rings` : '';
    return askFirst(
      { environment, json: this.#options.json },
      {
        yes: this.#options.yes || changing.length === 0,
        question: [...sumLines(changing), `Apply these changes to ${where}${order}?`].join('\n'),
        otherwise: `${where} would be changed`,
        next: 'confirm with --yes, or only show the plans with --dry-run',
      },
    );
  }

  /** Changes those that are due; each is told of as soon as it has ended. */
  async #change(due: readonly Progressed[]): Promise<void> {
    const { maxFailedClusters: maxFailed, parallelClusters: atOnce = 1 } = this.#options;
    const of = new Map(due.map((one) => [one.cluster, one] as const));
    const byDay = new Set(interruptedByDay(this.#begun()).map(({ shown }) => shown));
    const numbers = [...new Set(due.map(({ ring }) => ring))];
    const rings = numbers.map((number) =>
      due.filter(({ ring }) => ring === number).map(({ cluster }) => cluster),
    );
    const failedBefore = this.#failing.map(({ cluster }) => cluster);
    const { stopped } = await runStage(
      this.#fleet,
      {
        ...{ rings, atOnce, maxFailed, failedBefore },
        call: (cluster) => ({
          command: 'apply',
          agreed: of.get(cluster)?.plan,
          options: {
            ...{ ...this.#options, ...commonOf(this.#options, cluster.inventory), limit: [], yes: true },
            // Somebody has read that it is by day, and said yes.
            now: this.#options.now === true || byDay.has(cluster.shown),
          },
        }),
        ended: (cluster, { document }) => {
          const one = of.get(cluster);
          if (one === undefined) return;
          Object.assign(one, { turn: 'had', document });
          this.#view.cluster(this.#told(one));
        },
      },
      this.#means,
    );
    if (stopped === 'budget') this.#view.message(this.#stopWords());
  }

  #stopWords(): string {
    const failed = list(this.#all.filter(hasFailed).map(({ cluster }) => cluster.shown));
    const left = this.#all.filter(({ turn }) => turn === 'not-begun').length;
    return `${failed} failed: ${count(left, 'cluster was', 'clusters were')} not begun; the same command goes on once that is mended`;
  }

  #endDryRun(due: readonly Progressed[]): Promise<number> {
    for (const one of due) if (hasWork(one.document)) one.turn = 'had';
    this.#view.message('dry run: nothing was changed');
    return this.#end();
  }

  #endUnbegun(answer: Exclude<Awaited<ReturnType<typeof askFirst>>, 'yes'>): Promise<number> {
    if (typeof answer !== 'string') return this.#end(answer);
    this.#view.message('nothing was changed');
    return this.#end(undefined, answer === 'no' ? exitStatus.nothingTouched : exitStatus.interrupted);
  }

  async #end(refusal?: Problem, status?: number): Promise<number> {
    const document = this.#document(refusal === undefined ? [] : [refusal]);
    const exit = status ?? document.summary.exitStatus;
    return endFleet({ ...document, summary: { ...document.summary, exitStatus: exit } }, this.#means);
  }

  #document(errors: readonly Problem[] = []): FleetDocument {
    const { environment } = this.#means;
    return fleetDocument(
      {
        ...{ command: 'fleet apply', clusters: this.#all.map((one) => this.#told(one)) },
        ...{ warnings: fleetWarnings(this.#fleet), errors },
        ...{ interrupted: environment.signal.aborted, changed: environment.phase.changing },
      },
      environment.secrets,
    );
  }

  /** The same as `fleet plan` tells it. */
  #planned(): FleetDocument {
    const document = this.#document();
    const clusters = document.clusters.map((one) => ({ ...one, turn: 'had' as const }));
    const summary = { ...document.summary, notBegun: 0 };
    return { ...document, command: 'fleet plan', clusters, summary };
  }

  #told({ cluster: { inventory, name }, ring, turn, document }: Progressed): FleetCluster {
    return { inventory, cluster: name ?? null, ring, turn, document };
  }

  get #view(): FleetView {
    return this.#means.view;
  }
}
