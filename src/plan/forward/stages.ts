import { changesNow, type HostPlan, type Stage } from '../../model/plan.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { VirtualHost } from '../../virtual/virtual-host.ts';
import type { LookedAt } from './plan-cluster.ts';

/** A host as its plan leaves it, including the ledger: the starting point for everything planned after it. */
export function afterPlan(plan: HostPlan): Snapshot | undefined {
  const last = plan.stages.at(-1);
  if (last === undefined || plan.problem !== undefined) return plan.snapshot;
  return afterStage(last) ?? plan.snapshot;
}

/** A host as a stage leaves it; undefined if the host was not planned. */
export function afterStage({ snapshot, actions, changes, ledger, name }: Stage): Snapshot | undefined {
  if (snapshot === undefined) return undefined;
  const host = new VirtualHost(snapshot);
  for (const action of actions) host.act(action);
  for (const change of changes) host.set(change.path, change.after);
  return { ...host.asSnapshot(name), ledger: ledger ?? snapshot.ledger, unsettled: [], owed: [] };
}

/** What is known about all hosts during a run, each as last inspected. */
export class KnownHosts {
  #hosts: readonly LookedAt[];
  #plans: readonly HostPlan[];

  constructor(hosts: readonly LookedAt[], plans: readonly HostPlan[]) {
    this.#hosts = hosts;
    this.#plans = plans;
  }

  get hosts(): readonly LookedAt[] {
    return this.#hosts;
  }

  get plans(): readonly HostPlan[] {
    return this.#plans;
  }

  /** A host was inspected again. */
  see(name: string, snapshot: Snapshot): void {
    this.#hosts = this.#hosts.map((host) => (host.name === name ? { ...host, snapshot } : host));
  }

  /** What is left to do on a host was planned from what is known now. */
  plan(plan: HostPlan): void {
    this.#plans = this.#plans.map((one) => (one.host === plan.host ? plan : one));
  }
}

/** What was planned for hosts at first, and which of them are as planned by now. */
export interface Progress {
  readonly first: readonly HostPlan[];
  readonly done: ReadonlySet<string>;
}

/**
 * The hosts from which a run's last stage is planned: those in `done` are as planned, and all others are
 * unchanged. Undefined if there is no such stage.
 */
export function beforeLastStage(
  hosts: readonly LookedAt[],
  { first, done }: Progress,
): readonly LookedAt[] | undefined {
  if (!first.some((plan) => plan.retires && done.has(plan.host))) return undefined;
  const plans = new Map(first.map((plan) => [plan.host, plan] as const));
  return hosts.map((host) => {
    const plan = plans.get(host.name);
    return plan === undefined || !done.has(host.name) ? host : { ...host, snapshot: afterPlan(plan) };
  });
}

/**
 * What is left to do once these hosts are done: removing what hosts keep for another host until that one is
 * restored. Only hosts that are done themselves take part in it.
 */
export function lastStages(planned: readonly HostPlan[], { first, done }: Progress): readonly HostPlan[] {
  const retiring = new Set(first.flatMap((plan) => (plan.retires ? [plan.host] : [])));
  return planned
    .filter((plan) => done.has(plan.host) && changesNow(plan) && !retiring.has(plan.host))
    .map((plan) => ({ ...plan, warnings: [], unsettled: [] }));
}
