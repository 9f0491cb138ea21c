import type { InTurns } from '../../model/in-turns.ts';
import { changesNow, type HostPlan, type Stage } from '../../model/plan.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { VirtualHost } from '../../virtual/virtual-host.ts';
import { type PlanInput, planCluster, planInTurns } from './plan-cluster.ts';

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
  #input: PlanInput;
  #plans: readonly HostPlan[];

  constructor(input: PlanInput, plans: readonly HostPlan[]) {
    this.#input = input;
    this.#plans = plans;
  }

  get input(): PlanInput {
    return this.#input;
  }

  get plans(): readonly HostPlan[] {
    return this.#plans;
  }

  /** What is left to do on a host that was inspected again, with all others as last inspected. */
  *planAgain(name: string, snapshot: Snapshot): InTurns<HostPlan> {
    const hosts = this.#input.hosts.map((host) => (host.name === name ? { ...host, snapshot } : host));
    this.#input = { ...this.#input, hosts };
    const [plan] = yield* planInTurns(this.#input, new Set([name]));
    if (plan === undefined) throw new Error(`${name} isn't among the hosts`);
    this.#plans = this.#plans.map((one) => (one.host === name ? plan : one));
    return plan;
  }
}

/**
 * What is left to do once the hosts in `done` are as planned and all others are unchanged: removing what
 * hosts keep for another host until that one is restored. Only hosts that are done themselves take part in
 * it.
 */
export function planLastStage(
  input: PlanInput,
  first: readonly HostPlan[],
  done: ReadonlySet<string>,
): readonly HostPlan[] {
  if (!first.some((plan) => plan.retires && done.has(plan.host))) return [];
  const plans = new Map(first.map((plan) => [plan.host, plan] as const));
  const hosts = input.hosts.map((host) => {
    const plan = plans.get(host.name);
    return plan === undefined || !done.has(host.name) ? host : { ...host, snapshot: afterPlan(plan) };
  });
  return planCluster({ ...input, hosts })
    .filter((plan) => done.has(plan.host) && changesNow(plan) && plans.get(plan.host)?.retires !== true)
    .map((plan) => ({ ...plan, warnings: [], unsettled: [] }));
}
