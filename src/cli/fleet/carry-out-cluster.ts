import { resolve } from 'node:path';
import { type Problem, problemsOf } from '../../model/operator-error.ts';
import { exitStatus } from '../../model/result.ts';
import type { SavedPlan } from '../../plan/saved/saved-plan.ts';
import { errorReport } from '../../report/document/document.ts';
import type { ReportDocument } from '../../report/document/schema.ts';
import type { View } from '../../report/view.ts';
import type { Connector } from '../../ssh/connector.ts';
import { type ApplyCommandOptions, applyOver } from '../apply.ts';
import { checkOver } from '../check.ts';
import type { Environment } from '../environment.ts';
import type { MetricsStore, MetricsWriter } from '../metrics-writer.ts';
import type { CommonOptions } from '../options.ts';
import { type PlanOptions, planOver } from '../plan.ts';
import { policyWith } from '../queue-options.ts';
import { openSession, type Session } from '../session.ts';
import { statusOver } from '../status.ts';
import { clusterEnvironment, type OwnMeans } from './cluster-environment.ts';

/** What is to be done with a cluster. Plain data: it can be sent to whoever carries it out. */
export type ClusterCall =
  | { readonly command: 'plan'; readonly options: PlanOptions }
  /** `agreed`: only this is carried out, or what is left of it */
  | {
      readonly command: 'apply';
      readonly options: ApplyCommandOptions;
      readonly agreed: SavedPlan | undefined;
    }
  | { readonly command: 'check' | 'status'; readonly options: CommonOptions };

/** What of the process a call makes use of. */
export interface ClusterMeans extends OwnMeans {
  readonly environment: Environment;
  /** how hosts are reached; it outlives the call */
  readonly connector: Connector;
  /** who watches */
  readonly view: View;
  /** where its metrics go; undefined: nobody wants them */
  readonly metrics?: MetricsStore | undefined;
  /** has one cluster after the other opened, where several are worked on; undefined: there is no other */
  readonly opening?: (<Result>(work: () => Promise<Result>) => Promise<Result>) | undefined;
}

/** How the command ended, whatever came in between. */
export interface ClusterOutcome {
  /** what `--json` of the command would print */
  readonly document: ReportDocument;
  /** of `plan`: what can be agreed to; undefined where it can't be carried out */
  readonly plan: SavedPlan | undefined;
}

/**
 * Carries out the command of one cluster, as its own command line would: the unit of work of a fleet. It asks
 * nobody but for what opens keys, and ends nothing but itself: whatever goes wrong stands in its document.
 */
export async function carryOutCluster(call: ClusterCall, means: ClusterMeans): Promise<ClusterOutcome> {
  const { inventory: file } = call.options;
  const environment = clusterEnvironment(means.environment, resolve(file), means);
  const noted = new NotedEnd(means.view);
  const metrics = await metricsWriter(means.metrics, environment);
  let plan: SavedPlan | undefined;
  try {
    const shared = { connector: means.connector, view: noted, problems: [] };
    const open = () => openSession(call.command, call.options, environment, 'everything', undefined, shared);
    const session = await (means.opening?.(open) ?? open());
    await metrics?.follow(session);
    await carryOutIn(session, call, environment, (kept) => {
      plan = kept;
    });
  } catch (error) {
    await metrics?.failed(error);
    // Also where it is a fault of the program: others are at work, and end.
    const document = failureOf(call.command, problemsOf(error), environment);
    const recorded = environment.events?.recording(noted) ?? noted;
    (environment.traces?.recording(recorded) ?? recorded).end(document);
  } finally {
    await environment.events?.close();
    const unsent = await environment.traces?.close();
    if (unsent !== undefined) means.view.message(unsent);
  }
  if (noted.document === undefined) throw new Error(`${call.command} of ${file} has told no end`);
  return { document: noted.document, plan };
}

async function metricsWriter(
  store: MetricsStore | undefined,
  environment: Environment,
): Promise<MetricsWriter | undefined> {
  if (store === undefined) return undefined;
  const { MetricsWriter } = await import('../metrics-writer.ts');
  return new MetricsWriter(store, environment);
}

async function carryOutIn(
  session: Session,
  call: ClusterCall,
  environment: Environment,
  keep: (plan: SavedPlan) => void,
): Promise<number> {
  switch (call.command) {
    case 'plan':
      return planOver(session, policyWith(call.options), environment, keep);
    case 'apply':
      return applyOver(session, policyWith(call.options), environment, { agreed: call.agreed });
    case 'check':
      return checkOver(session);
    case 'status':
      return statusOver(session, call.options);
  }
}

/** The document of a command that ended before it had a result. */
function failureOf(
  command: string,
  problems: readonly Problem[],
  { phase, signal, secrets, inventory }: Environment,
): ReportDocument {
  const isInterrupted = signal.aborted || problems.some(({ code }) => code === 'interrupted');
  const status = isInterrupted
    ? exitStatus.interrupted
    : phase.changing
      ? exitStatus.failed
      : exitStatus.nothingTouched;
  const errors =
    isInterrupted && !phase.changing
      ? [
          {
            code: 'interrupted',
            message: 'interrupted before anything was changed',
            next: 'run the command again',
          },
        ]
      : problems;
  return errorReport(command, { exitStatus: status, errors, taken: inventory }, secrets);
}

/** Keeps the document in which a command ends. */
class NotedEnd implements View {
  readonly #view: View;
  document: ReportDocument | undefined;

  constructor(view: View) {
    this.#view = view;
  }

  show(...shown: Parameters<View['show']>): void {
    this.#view.show(...shown);
  }

  end(document: ReportDocument): void {
    this.document = document;
    this.#view.end(document);
  }

  progress(...told: Parameters<View['progress']>): void {
    this.#view.progress(...told);
  }

  message(text: string): void {
    this.#view.message(text);
  }
}
