import { digestOf } from '../../../engine/digest.ts';
import type { Answer, ChangeEnd } from '../../../engine/messages.ts';
import { type Problem, problemsOf } from '../../../model/operator-error.ts';
import { exitStatus } from '../../../model/result.ts';
import type { SavedPlan } from '../../../plan/saved/saved-plan.ts';
import { errorReport } from '../../../report/document/document.ts';
import type { View } from '../../../report/view.ts';
import { newRunId } from '../../../run/run-id.ts';
import type { Environment } from '../../environment.ts';
import type { ClusterCall, ClusterOutcome } from '../carry-out-cluster.ts';
import type { NamedCluster } from '../clusters.ts';
import type { FleetReports } from '../fleet-reports.ts';
import type { EngineFleetOptions } from '../options.ts';
import { askedChangeOf, askedOf } from './asked-options.ts';
import { EngineClient } from './client.ts';

/** Has clusters' commands carried out by the workers of a site, instead of by this process. */
export class ByEngine {
  readonly #client: EngineClient;
  readonly #keepTrying: number;
  readonly #environment: Environment;
  readonly #reports: FleetReports;

  constructor(
    { engine, site, keepTrying = 0 }: EngineFleetOptions & { readonly engine: string; readonly site: string },
    environment: Environment,
    { reports, lost }: { readonly reports: FleetReports; readonly lost: (text: string) => void },
  ) {
    const { signal } = environment;
    this.#client = new EngineClient({ url: engine, site, signal, lost });
    this.#keepTrying = keepTrying;
    this.#environment = environment;
    this.#reports = reports;
  }

  /** As carryOutCluster: whatever goes wrong stands in the document. */
  async carryOut(call: ClusterCall, cluster: NamedCluster, view: View): Promise<ClusterOutcome> {
    try {
      const { document, plan, picture } = await (call.command === 'apply'
        ? this.#change(call, cluster, view)
        : this.#look(call, cluster));
      if (picture !== undefined) this.#reports.keep(cluster.inventory, { ...document, picture });
      view.end(document);
      return { document, plan };
    } catch (error) {
      return this.#failed(call, problemsOf(error));
    }
  }

  #look(call: Exclude<ClusterCall, { command: 'apply' }>, { name, hash }: NamedCluster): Promise<Answer> {
    const asked = { inventory: hash, picture: this.#reports.isWanted };
    return this.#client.look(
      name,
      call.command === 'plan'
        ? { ...asked, command: 'plan', options: askedOf(call.options) }
        : { ...asked, command: call.command, options: { parallel: call.options.parallel } },
    );
  }

  async #change(
    { options, agreed }: Extract<ClusterCall, { command: 'apply' }>,
    { name, hash, inventory }: NamedCluster,
    view: View,
  ): Promise<Answer> {
    const { phase, secrets, signal } = this.#environment;
    if (agreed === undefined) throw new Error(`nobody has agreed to anything for ${name}`);
    const change = newRunId();
    const asked = { inventory: hash, picture: this.#reports.isWanted, options: askedChangeOf(options) };
    await this.#client.begin(change, {
      ...asked,
      ...{ cluster: name, plan: agreed, keepTrying: this.#keepTrying },
    });
    // From here on it may be carried out, whatever becomes of this process.
    phase.changing = true;
    phase.interruption = 'what the engine was given goes on';
    view.message(`handed to the engine as change ${change}`);
    const end = await this.#approved(change, agreed).catch((error: unknown) => {
      if (signal.aborted) return goesOn(change, inventory);
      throw error;
    });
    if ('code' in end)
      return {
        document: errorReport('apply', { exitStatus: exitStatus.interrupted, errors: [end] }, secrets),
      };
    return end.kind === 'carried-out' ? end.answer : this.#notCarriedOut(change, end.kind);
  }

  /** Somebody has agreed to it before it was begun. */
  async #approved(change: string, plan: SavedPlan): Promise<ChangeEnd> {
    await this.#client.approve(change, digestOf(plan));
    return this.#client.ended(change);
  }

  #notCarriedOut(change: string, kind: Exclude<ChangeEnd['kind'], 'carried-out'>): Answer {
    const why = kind === 'declined' ? 'somebody has declined it' : 'nobody has approved it';
    const error = {
      code: 'change-not-approved',
      message: `the change ${change} was not carried out: ${why}`,
      next: 'run the command again to plan it anew',
    };
    const told = { exitStatus: exitStatus.nothingTouched, errors: [error] };
    return { document: errorReport('apply', told, this.#environment.secrets) };
  }

  #failed({ command }: ClusterCall, problems: readonly Problem[]): ClusterOutcome {
    const { signal, secrets, phase } = this.#environment;
    const errors = signal.aborted
      ? [
          {
            code: 'interrupted',
            message: 'interrupted before anything was changed',
            next: 'run the command again',
          },
        ]
      : problems;
    const isChange = command === 'apply' && phase.changing;
    const status = signal.aborted
      ? exitStatus.interrupted
      : isChange
        ? exitStatus.failed
        : exitStatus.nothingTouched;
    return { document: errorReport(command, { exitStatus: status, errors }, secrets), plan: undefined };
  }
}

function goesOn(change: string, inventory: string): Problem {
  return {
    code: 'interrupted',
    message: `the change ${change} goes on at the engine`,
    next: `follow it: clusterproxy follow --inventory ${inventory} ${change}`,
  };
}
