import { releaseCordon, untilOnline } from '../../host/cordon.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { problemsOf } from '../../model/operator-error.ts';
import { type ClusterPlan, type HostPlan, isDue } from '../../model/plan.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { type Cordoned, cordonedIn, getsNobody, getsNobodySince } from '../busy/cordoned.ts';
import { isOverHere } from '../claims/leases.ts';
import type { RunOptions } from '../options.ts';

/**
 * Hosts on which nothing is left to be done, and that a run has left out in a balancer whose controller died
 * before it could give them back. Those that somebody has to look at aren't among them.
 */
export function leftOut({ hosts }: ClusterPlan, { cluster }: Inventory): readonly Cordoned[] {
  const snapshots = new Map(
    hosts.flatMap(({ host, snapshot }): [string, Snapshot][] =>
      snapshot === undefined ? [] : [[host, snapshot]],
    ),
  );
  return cordonedIn(cluster.name, snapshots).filter(({ cordon }) => {
    const plan = hosts.find(({ host }) => host === cordon.node);
    if (plan?.snapshot === undefined || cordon.stays !== undefined || isDue(plan)) return false;
    const { lease, unsettled } = plan.snapshot;
    const isKept = lease !== undefined && lease.run === cordon.run && !isOverHere({ lease });
    return !isKept && unsettled.length === 0;
  });
}

/** The plan with these hosts as they are once they were given back: they don't count as out. */
export function withGivenBack(plan: ClusterPlan, left: readonly Cordoned[]): ClusterPlan {
  const names = new Set(left.map(({ cordon }) => cordon.node));
  const back = (one: HostPlan): HostPlan =>
    names.has(one.host) && one.down === getsNobody
      ? {
          ...one,
          down: undefined,
          warnings: [
            ...one.warnings.filter((text) => !text.startsWith(getsNobodySince)),
            'the run had left it out; it gets people again',
          ],
        }
      : one;
  return { ...plan, hosts: plan.hosts.map(back) };
}

/** Gives them back, one after the other, each if it answers rightly; why some are still out, in words. */
export async function giveBackLeft(
  left: readonly Cordoned[],
  { inventory, connect, signal, progress }: Pick<RunOptions, 'inventory' | 'connect' | 'signal' | 'progress'>,
): Promise<readonly string[]> {
  const still: string[] = [];
  for (const { cordon, teller, machineId } of left) {
    const host = inventory.hosts.find(({ name }) => name === teller);
    if (host === undefined) continue;
    const { node, cluster, run } = cordon;
    const detail = `telling ${teller} to send people there again`;
    progress({ kind: 'host', host: node, phase: 'draining', detail });
    try {
      const connection = await connect(host.ssh, { signal });
      try {
        const { verdict, words } = await releaseCordon(
          connection,
          { cluster, node, run, machineId },
          untilOnline,
        );
        if (verdict !== 'released' && verdict !== 'none')
          still.push(`${node} still gets no people: ${words}`);
      } finally {
        connection.close().catch(() => undefined);
      }
    } catch (error) {
      const [problem] = problemsOf(error);
      if (problem === undefined) throw error;
      still.push(`${node} still gets no people: ${problem.message}`);
    }
    progress({ kind: 'host', host: node, phase: 'done' });
  }
  return still;
}
