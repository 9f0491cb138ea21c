import type { CordonAnswer, CordonedNode } from '../../host/cordon.ts';
import type { InventoryHost } from '../../inventory/inventory.ts';
import type { Drain } from '../../model/drain.ts';
import { OperatorError } from '../../model/operator-error.ts';
import type { HostPlan } from '../../model/plan.ts';
import { drainsOf } from '../../playbook/resolve/drains.ts';
import type { Connection } from '../../ssh/contract.ts';
import type { ApplyOptions } from '../options.ts';
import { tellersIn } from './drain-refusal.ts';
import { notReached } from './drain-words.ts';

/** A host that tells a balancer of a node. */
export interface Teller {
  readonly host: InventoryHost;
  readonly machineId: string;
  readonly drain: Drain;
}

/** Those that tell balancers of a host. Throws an OperatorError `cordon-failed` if one was not looked at. */
export function tellersOf(
  host: InventoryHost,
  plans: readonly HostPlan[],
  { inventory }: Pick<ApplyOptions, 'inventory'>,
): readonly Teller[] {
  return drainsOf(inventory, host).flatMap((drain) =>
    tellersIn(inventory, drain.on).map((teller) => {
      const plan = plans.find((one) => one.host === teller.name);
      const machineId = plan?.snapshot?.machineId;
      if (machineId === undefined) throw new OperatorError(notReached(teller, plan?.problem));
      return { host: teller, machineId, drain };
    }),
  );
}

/** Asks one of them about a node, in a run; throws as src/host/cordon.ts does. */
export async function askTeller(
  { host, machineId }: Pick<Teller, 'host' | 'machineId'>,
  { node, run }: Pick<CordonedNode, 'node' | 'run'>,
  { connect, leave, inventory }: Pick<ApplyOptions, 'connect' | 'leave' | 'inventory'>,
  question: (connection: Connection, node: CordonedNode) => Promise<CordonAnswer>,
): Promise<CordonAnswer> {
  const connection = await connect(host.ssh, { signal: leave });
  try {
    return await question(connection, { cluster: inventory.cluster.name, node, run, machineId });
  } finally {
    connection.close().catch(() => undefined);
  }
}
