import type { Inventory, InventoryHost } from '../../inventory/inventory.ts';
import type { HandOver } from '../../model/drain.ts';
import { askAddresses } from '../../model/interface-addresses.ts';
import type { Query } from '../../model/reads.ts';
import { holds } from './conditions.ts';
import { baseContext } from './contexts.ts';
import { strictly } from './handlers.ts';
import { naming } from './template-problems.ts';

/** How a host gives to another of its role what only one of them has; undefined where there is nothing. */
export function handOverOf(inventory: Inventory, host: InventoryHost): HandOver | undefined {
  const handOver = inventory.playbook.roles.find(({ name }) => name === host.role)?.handOver;
  if (handOver === undefined) return undefined;
  return naming({ host: host.name, place: `role ${host.role}` }, () => {
    const context = baseContext(inventory, host);
    if (!holds(handOver.when, context)) return undefined;
    const fill = strictly(context).text;
    return {
      program: handOver.program.text,
      args: handOver.args.map(fill),
      address: handOver.address === undefined ? undefined : fill(handOver.address),
      handlers: handOver.handlers,
      what: handOver.what,
    };
  });
}

/** What shows, in a look at a host, whether it has what only one of its role has. */
export function handOverQueries(inventory: Inventory, host: InventoryHost): readonly Query[] {
  return handOverOf(inventory, host)?.address === undefined ? [] : [askAddresses];
}
