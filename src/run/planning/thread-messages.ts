import type { Problem } from '../../model/operator-error.ts';
import type { HostPlan } from '../../model/plan.ts';
import type { ClusterJob, PlanningJob } from './job.ts';

/** What a planning thread is started with: this program, with these data, on a thread of its own. */
export interface ThreadData {
  readonly purpose: 'planning';
  readonly job: PlanningJob;
  /** shared by both threads: the index, in the job, of the host that is being worked on; -1: none yet */
  readonly turn: Int32Array;
}

/** The only message of a planning thread that comes to an end; its result is that of the job. */
export type ThreadAnswer =
  | { readonly kind: 'planned'; readonly result: unknown }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }
  /** a bug */
  | { readonly kind: 'failed'; readonly error: unknown };

/**
 * Plans as they are sent: without the snapshots that the other thread has. Nobody reads them before
 * `withSnapshots` has put those back.
 */
export function withoutSnapshots(
  plans: readonly HostPlan[],
  { hosts }: Pick<ClusterJob, 'hosts'>,
): readonly HostPlan[] {
  const known = new Set(hosts.map(({ snapshot }) => snapshot));
  const unknown = <Holder extends Pick<HostPlan, 'snapshot'>>(holder: Holder): Holder =>
    known.has(holder.snapshot) ? { ...holder, snapshot: undefined } : holder;
  return plans.map((plan) => ({ ...unknown(plan), stages: plan.stages.map(unknown) }));
}

export function withSnapshots(
  plans: readonly HostPlan[],
  { hosts }: Pick<ClusterJob, 'hosts'>,
): readonly HostPlan[] {
  const snapshots = new Map(hosts.map(({ name, snapshot }) => [name, snapshot] as const));
  return plans.map((plan) => {
    const snapshot = plan.snapshot ?? snapshots.get(plan.host);
    const stages = plan.stages.map((stage) => ({ ...stage, snapshot: stage.snapshot ?? snapshot }));
    return { ...plan, snapshot, stages };
  });
}
