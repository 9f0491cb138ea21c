/** How far a fleet is. A cluster is in one of the sets at most, or has not begun. */
export interface FleetState<Cluster> {
  /** all of a ring have ended before one of the next begins */
  readonly rings: readonly (readonly Cluster[])[];
  readonly atWork: ReadonlySet<Cluster>;
  readonly ended: ReadonlySet<Cluster>;
  /** those that count against the budget, begun or not */
  readonly failed: ReadonlySet<Cluster>;
  /** somebody has asked for an end */
  readonly isInterrupted: boolean;
}

export interface FleetLimits<Cluster> {
  /** so many clusters at once */
  readonly atOnce: number;
  /** as long as no more than so many have failed, others begin */
  readonly maxFailed: number;
  /** two clusters that may not be worked on at the same time, such as those that share a host */
  readonly excludes: (one: Cluster, other: Cluster) => boolean;
}

/** Why no further cluster begins. */
export type Stop = 'interrupted' | 'budget';

/** What is to be done next. */
export type Next<Cluster> =
  | { readonly kind: 'begin'; readonly cluster: Cluster }
  /** until one of those at work has ended */
  | { readonly kind: 'wait' }
  /** nothing is at work, and nothing more begins; `why`: not all have had their turn */
  | { readonly kind: 'over'; readonly why?: Stop };

/** Decides which cluster begins, from nothing but how far the fleet is. */
export function nextOf<Cluster>(state: FleetState<Cluster>, limits: FleetLimits<Cluster>): Next<Cluster> {
  const { rings, atWork, ended } = state;
  const isLeft = (cluster: Cluster) => !ended.has(cluster) && !atWork.has(cluster);
  const ring = rings.find((one) => one.some((cluster) => !ended.has(cluster)));
  if (ring === undefined) return { kind: 'over' };
  const stop = stopOf(state, limits);
  if (stop !== undefined) return atWork.size > 0 ? { kind: 'wait' } : { kind: 'over', why: stop };
  if (atWork.size >= limits.atOnce) return { kind: 'wait' };
  // One that has to wait for another holds up none of those behind it.
  const cluster = ring.find(
    (one) => isLeft(one) && [...atWork].every((other) => !limits.excludes(one, other)),
  );
  return cluster === undefined ? { kind: 'wait' } : { kind: 'begin', cluster };
}

function stopOf<Cluster>(
  { isInterrupted, failed }: FleetState<Cluster>,
  { maxFailed }: FleetLimits<Cluster>,
): Stop | undefined {
  if (isInterrupted) return 'interrupted';
  return failed.size > maxFailed ? 'budget' : undefined;
}
