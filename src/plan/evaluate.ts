import type { Handler } from '../model/handler.ts';
import { OperatorError, type Problem, problemsOf } from '../model/operator-error.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { VirtualHost } from '../model/virtual-host.ts';
import { restoreNoLongerWanted } from './no-longer-wanted.ts';
import { runSteps, type StepTrace, type WantedStep } from './run-steps.ts';

/** What a playbook wants of one host, everything filled in. */
export interface Wanted {
  readonly recipe: { readonly name: string; readonly reason: string } | undefined;
  readonly steps: readonly WantedStep[];
  /** in the playbook's order; only those that apply */
  readonly handlers: readonly Handler[];
  /** units that must be active afterwards if they were before */
  readonly units: readonly string[];
  /** what its playbook's health checks found */
  readonly warnings: readonly string[];
  /** the handlers that a step of the playbook notifies, whether the step applies to this host or not */
  notifyOf(step: string): readonly string[];
}

/** From what is known of all hosts to what is wanted of each; a host that can't be resolved gets its problem. */
export type Resolve = (
  snapshots: ReadonlyMap<string, Snapshot>,
) => ReadonlyMap<string, Wanted | OperatorError>;

/** One host after all its steps ran on a virtual host. */
export interface Evaluation {
  readonly wanted: Wanted;
  readonly host: VirtualHost;
  readonly traces: readonly StepTrace[];
}

/** Run every host's steps on its virtual host. */
export function evaluate(
  resolve: Resolve,
  snapshots: ReadonlyMap<string, Snapshot>,
  holdsSecret?: (text: string) => boolean,
): ReadonlyMap<string, Evaluation | Problem> {
  const wanted = resolve(snapshots);
  return new Map(
    [...snapshots].map(([name, snapshot]) => {
      const of = wanted.get(name);
      if (of === undefined || of instanceof OperatorError) return [name, problemOf(name, of)] as const;
      return [name, evaluateHost(snapshot, of, holdsSecret)] as const;
    }),
  );
}

export function isEvaluation(one: Evaluation | Problem | undefined): one is Evaluation {
  return one !== undefined && 'traces' in one;
}

function evaluateHost(
  snapshot: Snapshot,
  wanted: Wanted,
  holdsSecret: ((text: string) => boolean) | undefined,
): Evaluation | Problem {
  const host = new VirtualHost(snapshot, holdsSecret);
  try {
    const traces = runSteps(host, wanted.steps);
    const managed = traces.flatMap((trace) => trace.managed);
    const restored = restoreNoLongerWanted(host, managed, (step) => wanted.notifyOf(step));
    return { wanted, host, traces: [...traces, ...restored] };
  } catch (error) {
    return problemOf(snapshot.host, error);
  }
}

function problemOf(host: string, error: unknown): Problem {
  const [problem] = problemsOf(error ?? new Error('the playbook says nothing about this host'));
  return { host, code: 'unexpected', message: '', ...problem };
}
