import type { Inventory } from '../../inventory/inventory.ts';
import type { ActionProgram } from '../../model/action.ts';
import type { HandOver } from '../../model/drain.ts';
import { stops } from '../../model/interrupting.ts';
import { type HostPlan, isDue, type Stage } from '../../model/plan.ts';
import { handOverOf } from '../../playbook/resolve/hand-over.ts';
import { whatIsHeld } from '../holders-last.ts';

/** How a host begins with a hand-over to another of its role; undefined where it needs none. */
export function handsOver(
  plan: HostPlan,
  { inventory }: { readonly inventory: Inventory },
): HandOver | undefined {
  if (plan.retires || plan.skipped) return undefined;
  const host = inventory.hosts.find(({ name }) => name === plan.host);
  const handOver = host && handOverOf(inventory, host);
  return handOver && plan.stages.some((stage) => interruptsFor(stage, handOver)) ? handOver : undefined;
}

/** They add something, and no service that runs. */
const interruptNobody: readonly ActionProgram['kind'][] = ['install-packages', 'unpack', 'certbot'];

/**
 * Whether a stage surely interrupts, as the hand-over itself does, if less. What might do so, as a command
 * does that has no guards, is not worth one.
 */
function interruptsFor({ actions, changes, handlers }: Stage, handOver: HandOver): boolean {
  if (actions.some(({ action }) => !interruptNobody.includes(action.run.kind))) return true;
  const named = handOver.handlers;
  if (named !== undefined) return handlers.some(({ handler }) => named.includes(handler.id));
  const restarts = handlers.some(
    ({ handler }) => handler.guards.length > 0 || handler.actions.some(({ kind }) => kind === 'restart'),
  );
  return restarts || changes.some(stops);
}

/** What is worth knowing of that before agreeing: who goes last, and what is handed over by whom. */
export function handOverNotes(inventory: Inventory, plans: readonly HostPlan[]): readonly string[] {
  const by = new Map<string, string[]>();
  for (const plan of plans) {
    const what = handsOver(plan, { inventory })?.what;
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
