import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import {
  type LeaseAnswer,
  type LeaseExtras,
  type LeaseWish,
  lease,
  type WantedLease,
} from '../../host/lease.ts';
import type { InventoryHost } from '../../inventory/inventory.ts';
import type { Lease } from '../../model/claims.ts';
import { OperatorError, type Problem } from '../../model/operator-error.ts';
import type { ClusterPlan } from '../../model/plan.ts';
import type { TransactionLease } from '../../model/transaction.ts';
import type { Connection } from '../../ssh/contract.ts';
import { agreementOf, mayBeWaitedFor } from '../again/agreement-of.ts';
import { operatorHere } from '../operator.ts';
import type { ApplyOptions } from '../options.ts';
import { queuedBeside } from '../queue/beside.ts';
import { describe, inTheWay } from './in-the-way.ts';
import { byMachine, dueHosts, isOneTransaction, type Reserved, reservedIn } from './reserved.ts';
import { hasEnded, thisProcess } from './this-process.ts';

/**
 * How long a lease holds unless it is renewed, and how often it is. Ten minutes: a controller that is dead
 * keeps nobody waiting for longer than that, and one whose line is down for a few minutes, or whose machine
 * slept for as long, keeps its hosts. A run that takes less than three minutes never renews. Seconds.
 */
const leaseTime = 600;
const renewal = 180;

/**
 * How often one of the hosts, each in its turn, is asked whether the run was aborted. Whoever has aborted it
 * waits for so long to be heard. Seconds.
 */
const usualListening = 10;

/** Between two looks at a host that another run has. Milliseconds. */
const pause = 2_000;

/** Whoever leaves at once isn't held up for longer by hosts that don't answer. Milliseconds. */
const leavingTime = 3_000;

/** The hosts that are kept for a run. */
export interface Leases {
  /** what a host's transaction is told of it; undefined where the lock alone keeps others away */
  of(host: string): TransactionLease | undefined;
  /** whether the host is kept for this run */
  holds(host: string): boolean;
  /** what was agreed on, for a host that hasn't stored it yet */
  agreementFor(host: string): Buffer | undefined;
  /**
   * gives all of them back, with how the run ended; one that can't be reached gets it back by the clock.
   * Undefined: it ended unexpectedly
   */
  release(outcome: Buffer | undefined): Promise<void>;
}

/** Why a run may not begin, and on which host. */
export interface Refusal {
  readonly host: string;
  readonly problem: Problem;
}

/** No host is kept: one transaction on one host has the lock of that host for as long as it takes. */
function none(agreement: Buffer): Leases {
  return {
    of: () => undefined,
    holds: () => false,
    agreementFor: () => agreement,
    release: async () => undefined,
  };
}

/**
 * Reserves all hosts that a run changes, or none, before the first of them is changed, so that two runs never
 * take turns on them. In the order of the machines' ids: of two that want the same hosts, one gets all. A
 * host that can't be reached now takes the lease when its turn comes. One transaction on one host needs none,
 * unless it may be long before it begins, or another call may have the same id. Each host stores what was
 * agreed on, so that others can follow the run, abort it, and go on with it. Returns why the run may not
 * begin if another run, or a hold, is in the way for longer than `lockWait`.
 */
export async function takeLeases(
  plan: ClusterPlan,
  run: string,
  options: ApplyOptions,
): Promise<{ readonly leases: Leases } | { readonly refusal: Refusal }> {
  const changed = dueHosts(plan, options);
  const due = [...changed, ...queuedBeside(plan, changed)].sort(byMachine);
  const [only] = due;
  const agreement = await agreementOf(plan, changed, run, options);
  if (only === undefined) return { leases: none(agreement) };
  const atOnce =
    due.length > 1 ||
    // Seen in the look; it may be that of a controller that is dead.
    only.snapshot?.lease !== undefined ||
    mayBeWaitedFor(only, options) ||
    options.identity?.id !== undefined;
  if (!atOnce && isOneTransaction(only)) return { leases: none(agreement) };
  const leases = new RunLeases({ run, agreement }, due.flatMap(reservedIn(options)), options);
  const refusal = atOnce ? await leases.take() : undefined;
  return refusal === undefined ? { leases } : { refusal };
}

class RunLeases implements Leases {
  readonly #run: string;
  readonly #agreement: Buffer;
  readonly #token = randomBytes(8).toString('hex');
  readonly #wanted: readonly Reserved[];
  readonly #options: ApplyOptions;
  readonly #process = thisProcess();
  readonly #taken = new Map<string, Reserved>();
  /** those that have stored what was agreed on */
  readonly #stored = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #told: string | undefined;
  #renewedAt = Date.now();
  #turn = 0;

  constructor(
    { run, agreement }: { readonly run: string; readonly agreement: Buffer },
    wanted: readonly Reserved[],
    options: ApplyOptions,
  ) {
    this.#run = run;
    this.#agreement = agreement;
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

  holds(host: string): boolean {
    return this.#stored.has(host);
  }

  agreementFor(host: string): Buffer | undefined {
    return this.#stored.has(host) ? undefined : this.#agreement;
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
          await this.#giveBack('withdraw');
          return refusal;
        }
      } finally {
        for (const connection of opened) void connection.then((one) => one?.close()).catch(() => undefined);
      }
    }
    return undefined;
  }

  async release(outcome: Buffer | undefined): Promise<void> {
    await this.#giveBack('release', { file: outcome });
  }

  async #giveBack(what: 'release' | 'withdraw', extras: LeaseExtras = {}): Promise<void> {
    clearInterval(this.#timer);
    const { parallel, leave } = this.#options;
    const limit = pLimit(parallel);
    const all = Promise.all(
      [...this.#taken.values()].map((one) => limit(() => this.#once(one, what, extras))),
    );
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
      const { keep } = this.#options;
      const answer = await this.#ask(connection, one, 'take', { over, keep, file: this.#agreement });
      if (answer === undefined) return undefined;
      if (answer.kind === 'taken') {
        this.#stored.add(one.host.name);
        this.#keep(one);
        return undefined;
      }
      if (answer.kind === 'leased' && over === undefined && isOverHere(answer)) {
        over = answer.lease.run;
        continue;
      }
      if (answer.kind === 'aborted') this.#options.onAborted?.(answer.aborted);
      const problem = inTheWay(answer, one.host.name, this.#options.inventory);
      if (problem === undefined) return undefined;
      const canWait = waitable.includes(answer.kind) && Date.now() < until && !signal.aborted;
      if (!canWait) return { host: one.host.name, problem };
      this.#tellOnce(`${one.host.name}: waiting for ${describe(answer)}`);
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  #keep(one: Reserved): void {
    this.#taken.set(one.host.name, one);
    const { listening = usualListening } = this.#options;
    this.#timer ??= setInterval(() => void this.#listen(), listening * 1_000).unref();
  }

  /** Renews what is due, else that of a single host: the answer tells whether the run was aborted. */
  async #listen(): Promise<void> {
    const all = [...this.#taken.values()];
    this.#turn += 1;
    const isDue = Date.now() - this.#renewedAt >= renewal * 1_000;
    if (isDue) this.#renewedAt = Date.now();
    const limit = pLimit(this.#options.parallel);
    const some = isDue ? all : all.filter((_, index) => index === this.#turn % all.length);
    await Promise.all(some.map((one) => limit(() => this.#once(one, 'renew'))));
  }

  /** Whatever comes of it: a host that has another's lease by now refuses this run itself. */
  async #once(one: Reserved, what: Exclude<LeaseWish, 'take'>, extras: LeaseExtras = {}): Promise<void> {
    const connection = await this.#open(one.host, what === 'renew' ? this.#options.leave : undefined);
    if (connection === undefined) return;
    const answer = await this.#ask(connection, one, what, extras).finally(() => {
      connection.close().catch(() => undefined);
    });
    if (answer?.kind === 'aborted') this.#options.onAborted?.(answer.aborted);
  }

  async #open(host: InventoryHost, signal?: AbortSignal): Promise<Connection | undefined> {
    return this.#options.connect(host.ssh, signal === undefined ? {} : { signal }).catch(() => undefined);
  }

  /** Undefined where the host gives no answer that counts: its own transaction has the last word. */
  async #ask(
    connection: Connection,
    { machineId }: Reserved,
    what: LeaseWish,
    extras: LeaseExtras,
  ): Promise<LeaseAnswer | undefined> {
    const { operator: by, from } = operatorHere();
    const { command, inventory } = this.#options;
    const wanted: WantedLease = {
      ...{ machineId, cluster: inventory.cluster.name, run: this.#run, seconds: leaseTime },
      ...{ by, from, command, process: this.#process, token: this.#token },
    };
    try {
      return await lease(connection, what, wanted, extras);
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

/** What ends by itself. */
const waitable: readonly LeaseAnswer['kind'][] = ['leased', 'locked'];

/** Its controller was on this machine, and is dead: whoever starts anew doesn't wait for the clock. */
export function isOverHere({ lease: other }: { readonly lease: Pick<Lease, 'from' | 'process'> }): boolean {
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
