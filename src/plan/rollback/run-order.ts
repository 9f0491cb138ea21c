import { baseRun } from './plan-rollback.ts';

/** A run, or one of its stages, that a host remembers. */
export interface Ran {
  readonly run: string;
  /** seconds since the epoch by the host's clock */
  readonly begunAt?: number | undefined;
}

/**
 * The runs of several hosts, by their ids without the stages, oldest first. Each host's runs are given in the
 * order in which it carried them out, which is kept. Only runs that have no host in common are told apart by
 * time, and that by the clocks of hosts: the one in a run's id is that of a controller, which may be wrong.
 */
export function runOrder(hosts: readonly (readonly Ran[])[]): readonly string[] {
  const queues = hosts.map((runs) => [...new Set(runs.map(({ run }) => baseRun(run)))]);
  const begun = beginnings(hosts.flat());
  const earlier = (one: string, other: string) =>
    (begun.get(one) ?? 0) - (begun.get(other) ?? 0) || (one < other ? -1 : 1);
  const order: string[] = [];
  for (;;) {
    const heads = [...new Set(queues.flatMap(([head]) => head ?? []))].sort(earlier);
    if (heads.length === 0) return order;
    const ready = heads.find((run) => queues.every((queue) => queue.indexOf(run) <= 0));
    // Hosts that disagree were moved or restored; one of the heads has to come first.
    const next = ready ?? heads[0] ?? '';
    order.push(next);
    for (const queue of queues) {
      const at = queue.indexOf(next);
      if (at >= 0) queue.splice(at, 1);
    }
  }
}

/** When the first host began to work on each run. */
function beginnings(all: readonly Ran[]): ReadonlyMap<string, number> {
  const begun = new Map<string, number>();
  for (const { run, begunAt } of all) {
    const id = baseRun(run);
    if (begunAt !== undefined) begun.set(id, Math.min(begunAt, begun.get(id) ?? begunAt));
  }
  return begun;
}
