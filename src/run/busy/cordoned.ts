import type { Cordon } from '../../model/drain.ts';
import type { HostPlan } from '../../model/plan.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { isLeft } from './leaving.ts';

/** A host that gets no new people because of an earlier run, and the host that told the balancer. */
export interface Cordoned {
  readonly cordon: Cordon;
  readonly teller: string;
  readonly machineId: string;
}

/** Those of a cluster, by what was seen on its hosts. */
export function cordonedIn(cluster: string, snapshots: ReadonlyMap<string, Snapshot>): readonly Cordoned[] {
  return [...snapshots].flatMap(([teller, { cordons = [], machineId }]) =>
    cordons.filter((cordon) => cordon.cluster === cluster).map((cordon) => ({ cordon, teller, machineId })),
  );
}

/** Why such a host counts as out. */
export const getsNobody = 'it gets no new people';
/** How the warning about one begins. */
export const getsNobodySince = 'it has been getting no new people since';

/** The plan of a host that gets no new people: it counts as out, and says why and since when. */
export function withCordons(plan: HostPlan, all: readonly Cordoned[]): HostPlan {
  const own = all.filter(({ cordon }) => cordon.node === plan.host);
  if (own.length === 0) return plan;
  return {
    ...plan,
    down: plan.down ?? getsNobody,
    warnings: [...plan.warnings, ...cordonWarnings(plan.host, all)],
  };
}

/** What `withCordons` says of a host. */
export function cordonWarnings(node: string, all: readonly Cordoned[]): readonly string[] {
  return all.filter(({ cordon }) => cordon.node === node).map(words);
}

function words({ cordon, teller }: Cordoned): string {
  const { node, holder, since, deadline, stays } = cordon;
  if (isLeft(cordon)) return `${getsNobodySince} ${time(since)} (${holder}), as ${stays}`;
  const back =
    stays === undefined
      ? `${teller} gives it back by itself after ${time(deadline)} if it answers rightly`
      : `it stays out because ${stays}`;
  return `${getsNobodySince} ${time(since)} (${holder}): ${back}; clusterproxy release ${node} does it now`;
}

/** `2026-11-26 19:04 UTC`, of seconds since the epoch */
function time(seconds: number): string {
  return `${new Date(seconds * 1_000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
