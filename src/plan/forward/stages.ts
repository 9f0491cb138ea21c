import { changesNow, type HostPlan } from '../../model/plan.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { VirtualHost } from '../../virtual/virtual-host.ts';
import { type PlanInput, planCluster } from './plan-cluster.ts';

/** A host as its plan leaves it, ledger included: what the next stage is planned from. */
function afterPlan(plan: HostPlan): Snapshot | undefined {
  if (plan.next !== undefined) return afterPlan(plan.next);
  if (plan.snapshot === undefined || plan.problem !== undefined) return plan.snapshot;
  const host = new VirtualHost(plan.snapshot);
  for (const action of plan.actions) host.act(action);
  for (const change of plan.changes) host.set(change.path, change.after);
  const ledger = plan.ledger ?? plan.snapshot.ledger;
  return { ...host.asSnapshot(plan.stage?.name), ledger, unsettled: [], owed: [] };
}

/** What is known of all hosts in the course of a run, each as it was looked at last. */
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

  /** What is left to do on a host that was looked at again, all others being as they were looked at last. */
  planAgain(name: string, snapshot: Snapshot): HostPlan {
    const hosts = this.#input.hosts.map((host) => (host.name === name ? { ...host, snapshot } : host));
    this.#input = { ...this.#input, hosts };
    const [plan] = planCluster(this.#input, new Set([name]));
    if (plan === undefined) throw new Error(`${name} isn't among the hosts`);
    this.#plans = this.#plans.map((one) => (one.host === name ? plan : one));
    return plan;
  }
}

/**
 * What is left to do once the hosts in `done` are as the first stage planned them, and all others as they were: what
 * hosts keep for another one until that is given back. Only hosts that are done themselves have a part in it.
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
