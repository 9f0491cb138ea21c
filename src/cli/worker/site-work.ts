import type { Answer, ApplyRequest, LookRequest } from '../../engine/messages.ts';
import { OperatorError, problemsOf } from '../../model/operator-error.ts';
import { exitStatus } from '../../model/result.ts';
import { ReportFiles } from '../../record/report-files.ts';
import { errorReport } from '../../report/document/document.ts';
import type { ReportPicture } from '../../report/document/schema.ts';
import type { FleetView } from '../../report/fleet-view.ts';
import { connectorOnDemand } from '../../ssh/connector-on-demand.ts';
import type { Environment } from '../environment.ts';
import { type ClusterCall, type ClusterOutcome, carryOutCluster } from '../fleet/carry-out-cluster.ts';
import { oneByOne } from '../fleet/in-turn.ts';
import { applyOptionsAt, commonAt, planOptionsAt } from './given-options.ts';
import type { ClusterOfSite, SiteInventories } from './site-inventories.ts';

/** The worker is being stopped: whoever asks again finds another one, or this one once it is back. */
export class WorkerStopping extends Error {
  override readonly name = 'WorkerStopping';
}

interface Asked {
  readonly command: ClusterCall['command'];
  readonly inventory: string;
  readonly picture: boolean;
  readonly call: (file: string) => ClusterCall;
}

/** What a worker does when the engine asks: the same as the command lines of its clusters. */
export class SiteWork {
  readonly #inventories: SiteInventories;
  readonly #environment: Environment;
  readonly #view: FleetView;
  readonly #opening = oneByOne();
  readonly #atWork = new Set<Promise<Answer>>();

  constructor(inventories: SiteInventories, environment: Environment, view: FleetView) {
    this.#inventories = inventories;
    this.#environment = environment;
    this.#view = view;
  }

  /** Looks at a cluster; whatever goes wrong there stands in the document. Throws WorkerStopping. */
  look(cluster: string, request: LookRequest): Promise<Answer> {
    return this.#tracked(async () => {
      const answer = await this.#carryOut(cluster, {
        ...request,
        call: (file) =>
          request.command === 'plan'
            ? { command: 'plan', options: planOptionsAt(file, request.options) }
            : { command: request.command, options: commonAt(file, request.options.parallel) },
      });
      if (this.#environment.signal.aborted) throw new WorkerStopping('a look was cut off');
      return answer;
    });
  }

  /** Carries out what was agreed to, once for each id of a run. Throws WorkerStopping. */
  apply(cluster: string, request: ApplyRequest): Promise<Answer> {
    return this.#tracked(async () => {
      const answer = await this.#carryOut(cluster, {
        ...{ command: 'apply', inventory: request.inventory, picture: request.picture },
        call: (file) => ({
          command: 'apply',
          agreed: request.plan,
          options: applyOptionsAt(file, request.options, request.run),
        }),
      });
      // It only followed a run that goes on; the same call follows it again.
      const isFollowing = answer.document.followed?.phase === 'going-on';
      if (this.#environment.signal.aborted && isFollowing) throw new WorkerStopping('a run goes on');
      return answer;
    });
  }

  /** Resolves once nothing is at work any more. */
  async ended(): Promise<void> {
    while (this.#atWork.size > 0) await Promise.allSettled(this.#atWork);
  }

  async #tracked(work: () => Promise<Answer>): Promise<Answer> {
    if (this.#environment.signal.aborted) throw new WorkerStopping('the worker is being stopped');
    const working = work();
    this.#atWork.add(working);
    try {
      return await working;
    } finally {
      this.#atWork.delete(working);
    }
  }

  async #carryOut(cluster: string, asked: Asked): Promise<Answer> {
    const { secrets } = this.#environment;
    let found: ClusterOfSite;
    try {
      found = await this.#inventories.of(cluster);
      if (found.hash !== asked.inventory) throw differs(cluster);
    } catch (error) {
      const told = { exitStatus: exitStatus.nothingTouched, errors: problemsOf(error) };
      return { document: errorReport(asked.command, told, secrets) };
    }
    const connector = connectorOnDemand();
    const watching = this.#view.begin(cluster);
    let picture: ReportPicture | undefined;
    const reports = asked.picture ? this.#keeping((kept) => (picture = kept)) : undefined;
    try {
      const environment = this.#environment;
      const own = { withheld: found.withheld, reports, opening: this.#opening };
      const means = { environment, connector, view: watching, ...own };
      const outcome: ClusterOutcome = await carryOutCluster(asked.call(found.inventory), means);
      this.#view.ended(cluster, outcome);
      return { ...outcome, ...(picture === undefined ? {} : { picture }) };
    } finally {
      await connector.close().catch(() => undefined);
    }
  }

  #keeping(keep: (picture: ReportPicture | undefined) => void): ReportFiles {
    const { clock, secrets } = this.#environment;
    return new ReportFiles({
      now: clock.now,
      maskAll: (data) => secrets.maskAll(data),
      print: () => undefined,
      keep: ({ picture }) => keep(picture),
    });
  }
}

function differs(cluster: string): OperatorError {
  return new OperatorError({
    code: 'engine-inventory-differs',
    message: `the worker has another version of the inventory of ${cluster}, its playbook or its accepted differences than was asked for`,
    next: 'bring both to the same commit, and run the command again',
  });
}
