import pLimit from 'p-limit';
import { probe } from '../host/probe.ts';
import type { Inventory, InventoryHost } from '../inventory/inventory.ts';
import { OperatorError, type Problem, problemsOf } from '../model/operator-error.ts';
import type { Reads } from '../model/reads.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { RunOptions } from './options.ts';

/** The result of looking at one host: its snapshot, or why there is none. */
export interface Look {
  readonly host: InventoryHost;
  readonly snapshot: Snapshot | undefined;
  readonly problem: Problem | undefined;
  readonly durationMs: number;
  /** it is switched off, as the inventory says that it may be; it has no problem then */
  readonly off?: boolean;
  /** it was reached, although there is no snapshot; left out: `hasAnswered` tells */
  readonly answered?: boolean;
}

/** The snapshots of those hosts that could be looked at, by name. */
export function snapshotsOf(
  looks: readonly Pick<Look, 'host' | 'snapshot'>[],
): ReadonlyMap<string, Snapshot> {
  return new Map(
    looks.flatMap(({ host, snapshot }) => (snapshot === undefined ? [] : [[host.name, snapshot] as const])),
  );
}

/** Look at all hosts at once: one connection and one command each. A host's failure is its own result. */
export async function look(
  options: Pick<RunOptions, 'inventory' | 'parallel' | 'signal' | 'progress' | 'connect' | 'names'>,
  readsOf: (host: InventoryHost) => Reads,
): Promise<readonly Look[]> {
  const { hosts } = options.inventory;
  options.progress({ kind: 'looking', total: hosts.length });
  const limit = pLimit(options.parallel);
  return Promise.all(
    hosts.map((host) =>
      limit(async () => {
        const result = await lookAt(host, () => readsOf(host), options);
        options.progress({ kind: 'looked', host: host.name, ok: result.problem === undefined });
        return result;
      }),
    ),
  );
}

/** Look at one host. A failure is its result. */
export async function lookAt(
  host: InventoryHost,
  readsOf: () => Reads,
  { inventory, connect, signal, names }: Pick<RunOptions, 'inventory' | 'connect' | 'signal' | 'names'>,
): Promise<Look> {
  const start = performance.now();
  const result = (rest: Partial<Pick<Look, 'snapshot' | 'problem'>>): Look => ({
    host,
    snapshot: rest.snapshot,
    problem: rest.problem,
    durationMs: Math.round(performance.now() - start),
  });
  try {
    if (signal.aborted) throw interrupted();
    const reads = readsOf();
    const connection = await connect(host.ssh, { signal });
    try {
      const { name } = inventory.cluster;
      return result({ snapshot: await probe(connection, host.name, reads, { cluster: name, names }) });
    } finally {
      // Not awaited: the next host is more important than the goodbye.
      connection.close().catch(() => undefined);
    }
  } catch (error) {
    // After an interrupt, the reason for the broken connection is known.
    const [problem] = problemsOf(signal.aborted ? interrupted() : error);
    if (isOff(host, problem)) return { ...result({}), off: true };
    return result({ problem: problem && { ...problem, host: host.name } });
  }
}

/** Reasons to refuse a host that was reached: it may well be serving people. */
const answers: readonly string[] = [
  ...['not-permitted', 'same-machine', 'no-machine-id'],
  ...['ledger-unreadable', 'ledger-newer', 'record-damaged', 'record-newer', 'too-many-matches'],
];

/** How a machine that is switched off doesn't answer. */
const silence: readonly string[] = ['unreachable', 'connect-timeout'];

/** Whether a host that could not be asked is switched off, as the inventory says that it may be. */
export function isOff({ state }: Pick<InventoryHost, 'state'>, problem: Problem | undefined): boolean {
  return state === 'off' && problem !== undefined && silence.includes(problem.code);
}

/** The inventory in which a host that may be off, and has answered, is like any other. */
export function asAnswered(inventory: Inventory, looks: readonly Pick<Look, 'host' | 'off'>[]): Inventory {
  const up = new Set(looks.flatMap(({ host, off }) => (host.state === 'off' && !off ? [host.name] : [])));
  if (up.size === 0) return inventory;
  const hosts = inventory.hosts.map((host) => {
    return up.has(host.name) ? { ...host, state: 'active' as const } : host;
  });
  return { ...inventory, hosts };
}

/** Whether a host was looked at, even if nothing can be planned for it. */
export function hasAnswered(problem: Problem | undefined): boolean {
  return problem !== undefined && answers.includes(problem.code);
}

/** The end of looking at a host that an operator has asked for. */
export function interrupted(): OperatorError {
  return new OperatorError({
    code: 'interrupted',
    message: 'interrupted before the host was looked at',
    next: 'run the command again',
  });
}
