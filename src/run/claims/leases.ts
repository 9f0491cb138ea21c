import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { type LeaseAnswer, lease, type WantedLease } from '../../host/lease.ts';
import type { InventoryHost } from '../../inventory/inventory.ts';
import { OperatorError, type Problem } from '../../model/operator-error.ts';
import { type ClusterPlan, type HostPlan, isDue } from '../../model/plan.ts';
import type { TransactionLease } from '../../model/transaction.ts';
import type { Connection } from '../../ssh/contract.ts';
import { operatorHere } from '../operator.ts';
import type { ApplyOptions } from '../options.ts';
import { queuedBeside } from '../queue/beside.ts';
import { rolloutOf } from '../rollout.ts';
import { describe, inTheWay } from './in-the-way.ts';
import { hasEnded, thisProcess } from './this-process.ts';

/**
 * How long a lease holds unless it is renewed, and how often it is. Ten minutes: a controller that is dead
 * keeps nobody waiting for longer than that, and one whose line is down for a few minutes, or whose machine
 * slept for as long, keeps its hosts. A run that takes less than three minutes never renews. Seconds.
 */
const leaseTime = 600;
const renewal = 180;

/** Between two looks at a host that another run has. Milliseconds. */
const pause = 2_000;

/** Whoever leaves at once isn't held up for longer by hosts that don't answer. Milliseconds. */
const leavingTime = 3_000;

/** The hosts that are kept for a run. */
export interface Leases {
  /** what a host's transaction is told of it; undefined where the lock alone keeps others away */
  of(host: string): TransactionLease | undefined;
  /** gives all of them back; one that can't be reached gets it back by the clock */
  release(): Promise<void>;
}

/** Why a run may not begin, and on which host. */
export interface Refusal {
  readonly host: string;
  readonly problem: Problem;
}

/** No host is kept: one transaction on one host has the lock of that host for as long as it takes. */
const none: Leases = { of: () => undefined, release: async () => undefined };

/**
 * Reserves all hosts that a run changes, or none, before the first of them is changed, so that two runs never
 * take turns on them. In the order of the machines' ids: of two that want the same hosts, one gets all. A
 * host that can't be reached now takes the lease when its turn comes. One transaction on one host needs none.
 * Returns why the run may not begin if another run, or a hold, is in the way for longer than `lockWait`.
 */
export async function takeLeases(
  plan: ClusterPlan,
  run: string,
  options: ApplyOptions,
): Promise<{ readonly leases: Leases } | { readonly refusal: Refusal }> {
  const changed = dueHosts(plan, options);
  const due = [...changed, ...queuedBeside(plan, changed)].sort(byMachine);
  const [only] = due;
  // Seen in the look; it may be that of a controller that is dead.
  const isReserved = only?.snapshot?.lease !== undefined;
  if (only === undefined || (due.length === 1 && isOneTransaction(only) && !isReserved))
    return { leases: none };
  const leases = new RunLeases(run, due.flatMap(reservedIn(options)), options);
  const refusal = due.length === 1 && !isReserved ? undefined : await leases.take();
  return refusal === undefined ? { leases } : { refusal };
}

/** Those that the run doesn't begin with anyway, because too many would be out, are left out. */
function dueHosts(plan: ClusterPlan, options: ApplyOptions): readonly HostPlan[] {
  const held = new Set(rolloutOf(plan.hosts, options).flatMap((role) => role.held));
  return plan.hosts.filter((one) => isDue(one) && !held.has(one.host));
}

function byMachine(one: HostPlan, other: HostPlan): number {
  return machineOf(one) < machineOf(other) ? -1 : 1;
}

function machineOf({ snapshot }: HostPlan): string {
  return snapshot?.machineId ?? '';
}

interface Reserved {
  readonly host: InventoryHost;
  readonly machineId: string;
}

function reservedIn({ inventory }: Pick<ApplyOptions, 'inventory'>): (plan: HostPlan) => readonly Reserved[] {
  return (plan) => {
    const host = inventory.hosts.find(({ name }) => name === plan.host);
    return host === undefined ? [] : [{ host, machineId: machineOf(plan) }];
  };
}

function isOneTransaction({ stages, last, leftovers }: HostPlan): boolean {
  return stages.length <= 1 && last === undefined && leftovers !== true;
}

class RunLeases implements Leases {
  readonly #run: string;
  readonly #wanted: readonly Reserved[];
  readonly #options: ApplyOptions;
  readonly #process = thisProcess();
  readonly #taken = new Map<string, Reserved>();
  #timer: NodeJS.Timeout | undefined;
  #told: string | undefined;

  constructor(run: string, wanted: readonly Reserved[], options: ApplyOptions) {
    this.#run = run;
    this.#wanted = wanted;
    this.#options = options;
  }

  of(host: string): TransactionLease | undefined {
    const one = this.#wanted.find(({ host: { name } }) => name === host);
    if (one === undefined) return undefined;
    const mode = this.#taken.has(host) ? 'reserved' : 'take';
    // What the host takes by itself is given back by us.
    this.#keep(one);
    return { run: this.#run, mode, seconds: leaseTime, process: this.#process };
  }

  /** Undefined once all are taken. */
  async take(): Promise<Refusal | undefined> {
    const { parallel, lockWait } = this.#options;
    const until = Date.now() + lockWait * 1_000;
    for (let index = 0; index < this.#wanted.length; index += parallel) {
      const some = this.#wanted.slice(index, index + parallel);
      const opened = some.map((one) => this.#open(one.host, this.#options.leave));
      try {
        for (const [at, one] of some.entries()) {
          const refusal = await this.#takeOver(await opened[at], one, until);
          if (refusal === undefined) continue;
          await this.release();
          return refusal;
        }
      } finally {
        for (const connection of opened) void connection.then((one) => one?.close()).catch(() => undefined);
      }
    }
    return undefined;
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    const { parallel, leave } = this.#options;
    const limit = pLimit(parallel);
    const all = Promise.all([...this.#taken.values()].map((one) => limit(() => this.#once(one, 'release'))));
    this.#taken.clear();
    const left = new AbortController();
    const leaving = sleepAfter(leave, left.signal);
    await Promise.race([all, leaving]);
    left.abort();
  }

  async #takeOver(
    connection: Connection | undefined,
    one: Reserved,
    until: number,
  ): Promise<Refusal | undefined> {
    if (connection === undefined) return undefined;
    const { signal } = this.#options;
    let over: string | undefined;
    for (;;) {
      const answer = await this.#ask(connection, one, 'take', over);
      if (answer === undefined) return undefined;
      if (answer.kind === 'taken') {
        this.#keep(one);
        return undefined;
      }
      if (answer.kind === 'leased' && over === undefined && isOverHere(answer)) {
        over = answer.lease.run;
        continue;
      }
      const problem = inTheWay(answer, one.host.name, this.#options.inventory);
      if (problem === undefined) return undefined;
      const canWait = answer.kind !== 'held' && Date.now() < until && !signal.aborted;
      if (!canWait) return { host: one.host.name, problem };
      this.#tellOnce(`${one.host.name}: waiting for ${describe(answer)}`);
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  #keep(one: Reserved): void {
    this.#taken.set(one.host.name, one);
    this.#timer ??= setInterval(() => void this.#renew(), renewal * 1_000).unref();
  }

  async #renew(): Promise<void> {
    const limit = pLimit(this.#options.parallel);
    await Promise.all([...this.#taken.values()].map((one) => limit(() => this.#once(one, 'renew'))));
  }

  /** Whatever comes of it: a host that has another's lease by now refuses this run itself. */
  async #once(one: Reserved, what: 'renew' | 'release'): Promise<void> {
    const connection = await this.#open(one.host, what === 'renew' ? this.#options.leave : undefined);
    if (connection === undefined) return;
    await this.#ask(connection, one, what).finally(() => connection.close().catch(() => undefined));
  }

  async #open(host: InventoryHost, signal?: AbortSignal): Promise<Connection | undefined> {
    return this.#options.connect(host.ssh, signal === undefined ? {} : { signal }).catch(() => undefined);
  }

  /** Undefined where the host gives no answer that counts: its own transaction has the last word. */
  async #ask(
    connection: Connection,
    { machineId }: Reserved,
    what: 'take' | 'renew' | 'release',
    over?: string,
  ): Promise<LeaseAnswer | undefined> {
    const { operator: by, from } = operatorHere();
    const { command, inventory } = this.#options;
    const wanted: WantedLease = {
      ...{ machineId, cluster: inventory.cluster.name, run: this.#run, seconds: leaseTime },
      ...{ by, from, command, process: this.#process },
    };
    try {
      return await lease(connection, what, wanted, { over });
    } catch (error) {
      if (error instanceof OperatorError) return undefined;
      throw error;
    }
  }

  #tellOnce(text: string): void {
    if (this.#told !== text) this.#options.progress({ kind: 'message', text });
    this.#told = text;
  }
}

/** Its controller was on this machine, and is dead: whoever starts anew doesn't wait for the clock. */
function isOverHere({ lease: other }: Extract<LeaseAnswer, { kind: 'leased' }>): boolean {
  return other.from === operatorHere().from && hasEnded(other.process);
}

/** Resolves a while after the operator has left; never otherwise. */
async function sleepAfter(leave: AbortSignal, signal: AbortSignal): Promise<void> {
  if (!leave.aborted) {
    await new Promise<void>((resolve) => {
      leave.addEventListener('abort', () => resolve(), { once: true, signal });
    });
  }
  await sleep(leavingTime, undefined, { signal }).catch(() => undefined);
}
