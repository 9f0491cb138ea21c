import type { Inventory } from '../../inventory/inventory.ts';
import { stageInterrupts } from '../../model/interrupting.ts';
import { type HostPlan, isDue } from '../../model/plan.ts';
import { handOverOf } from '../../playbook/resolve/hand-over.ts';
import { whatIsHeld } from '../holders-last.ts';

/** Whether what is done to a host begins with a hand-over to another of its role. */
export function handsOver(plan: HostPlan, { inventory }: { readonly inventory: Inventory }): boolean {
  if (plan.retires || plan.skipped || !plan.stages.some(stageInterrupts)) return false;
  const host = inventory.hosts.find(({ name }) => name === plan.host);
  return host !== undefined && handOverOf(inventory, host) !== undefined;
}

/** What is worth knowing of that before agreeing: who goes last, and what is handed over by whom. */
export function handOverNotes(inventory: Inventory, plans: readonly HostPlan[]): readonly string[] {
  const by = new Map<string, string[]>();
  for (const plan of plans) {
    const host = inventory.hosts.find(({ name }) => name === plan.host);
    const what = host && handsOver(plan, { inventory }) ? handOverOf(inventory, host)?.what : undefined;
    if (what !== undefined) by.set(what, [...(by.get(what) ?? []), plan.host]);
  }
  return [
    ...lastNotes(inventory, plans),
    ...[...by].map(
      ([what, hosts]) =>
        `before ${hosts.join(' or ')} is interrupted, another host of its role that answers takes over ${what}; connections that this breaks are opened anew by clients`,
    ),
  ];
}

/** Those that are changed after others of their role, since they have what only one of them has. */
function lastNotes(inventory: Inventory, plans: readonly HostPlan[]): readonly string[] {
  const due = plans.filter((plan) => isDue(plan) && !plan.retires && !plan.skipped);
  return due.flatMap((plan) => {
    const what = whatIsHeld(plan, inventory);
    const others = due.filter(({ host, role }) => role === plan.role && host !== plan.host);
    if (what === undefined || others.length === 0) return [];
    return [`${plan.host} has ${what}, and is changed last of its role`];
  });
}
