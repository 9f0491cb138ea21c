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
  const begun = beginnings(hosts);
  const earlier = (one: string, other: string) =>
    (begun.get(one) ?? 0) - (begun.get(other) ?? 0) || (one < other ? -1 : 1);
  const queues = hosts.map((runs) => new Queue(runs.map(({ run }) => baseRun(run))));
  const holders = new Map<string, Queue[]>();
  for (const queue of queues) {
    for (const run of queue.runs) {
      const known = holders.get(run);
      if (known === undefined) holders.set(run, [queue]);
      else known.push(queue);
    }
  }
  const order = new Set<string>();
  /** how many hosts have nothing before a run any more */
  const arrivals = new Map<string, number>();
  /** runs that no host has anything before, the earliest at the end */
  const ready: string[] = [];
  const arrive = (queue: Queue) => {
    const run = queue.advance(order);
    if (run === undefined) return;
    const count = (arrivals.get(run) ?? 0) + 1;
    arrivals.set(run, count);
    if (count === holders.get(run)?.length) insert(ready, run, earlier);
  };
  for (const queue of queues) arrive(queue);
  while (order.size < holders.size) {
    // Hosts that disagree were moved or restored; one of the heads has to come first.
    const next = ready.pop() ?? earliestHead(queues, earlier);
    order.add(next);
    for (const queue of holders.get(next) ?? []) if (queue.head === next) arrive(queue);
  }
  return [...order];
}

/** The runs of one host, and how many of them are in order already. */
class Queue {
  readonly runs: readonly string[];
  #at = -1;

  constructor(runs: readonly string[]) {
    this.runs = [...new Set(runs)];
  }

  get head(): string | undefined {
    return this.runs[this.#at];
  }

  /** The next run that isn't in order yet. */
  advance(order: ReadonlySet<string>): string | undefined {
    do this.#at++;
    while (this.head !== undefined && order.has(this.head));
    return this.head;
  }
}

function earliestHead(queues: readonly Queue[], earlier: (one: string, other: string) => number): string {
  const heads = queues.flatMap(({ head }) => head ?? []);
  return heads.reduce((one, other) => (earlier(one, other) <= 0 ? one : other));
}

/** Inserts into a list whose earliest is at the end. */
function insert(list: string[], run: string, earlier: (one: string, other: string) => number): void {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (earlier(list[middle] ?? '', run) > 0) low = middle + 1;
    else high = middle;
  }
  list.splice(low, 0, run);
}

/** When the first host began to work on each run. */
function beginnings(hosts: readonly (readonly Ran[])[]): ReadonlyMap<string, number> {
  const begun = new Map<string, number>();
  for (const { run, begunAt } of hosts.flat()) {
    const id = baseRun(run);
    if (begunAt !== undefined) begun.set(id, Math.min(begunAt, begun.get(id) ?? begunAt));
  }
  return begun;
}
