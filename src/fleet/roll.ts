import { type FleetLimits, nextOf, type Stop } from './next.ts';

/** What a fleet does, and what decides about it; effects are the caller's. */
export interface Rolling<Cluster, Outcome> extends FleetLimits<Cluster> {
  readonly rings: readonly (readonly Cluster[])[];
  /** those that have failed before anything begins, and count */
  readonly failedBefore?: readonly Cluster[];
  /** does to one cluster what is to be done; it doesn't throw, whatever goes wrong there */
  readonly carryOut: (cluster: Cluster) => Promise<Outcome>;
  readonly isFailure: (outcome: Outcome) => boolean;
  readonly signal: AbortSignal;
}

export interface Rolled<Cluster, Outcome> {
  readonly outcomes: ReadonlyMap<Cluster, Outcome>;
  /** why not all clusters have had their turn; undefined: they have */
  readonly stopped: Stop | undefined;
}

/**
 * Carries something out on all clusters, ring by ring. Those at work end in any case: nobody leaves a cluster
 * half-way because another one has failed.
 */
export async function roll<Cluster, Outcome>(
  rolling: Rolling<Cluster, Outcome>,
): Promise<Rolled<Cluster, Outcome>> {
  const { rings, signal, carryOut, isFailure } = rolling;
  const atWork = new Map<Cluster, Promise<void>>();
  const outcomes = new Map<Cluster, Outcome>();
  const failed = new Set(rolling.failedBefore);
  const begin = async (cluster: Cluster) => {
    const outcome = await carryOut(cluster);
    atWork.delete(cluster);
    outcomes.set(cluster, outcome);
    if (isFailure(outcome)) failed.add(cluster);
  };
  for (;;) {
    const state = {
      ...{ rings, failed, isInterrupted: signal.aborted },
      ...{ atWork: new Set(atWork.keys()), ended: new Set(outcomes.keys()) },
    };
    const next = nextOf(state, rolling);
    if (next.kind === 'over') return { outcomes, stopped: next.why };
    if (next.kind === 'begin') atWork.set(next.cluster, begin(next.cluster));
    else await Promise.race(atWork.values());
  }
}
