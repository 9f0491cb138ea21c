import type { InventoryHost } from '../../inventory/inventory.ts';
import type { Drain, Polls } from '../../model/drain.ts';
import { type HostPlan, stagesOf } from '../../model/plan.ts';
import { drainsOf } from '../../playbook/resolve/drains.ts';
import type { ApplyOptions } from '../options.ts';
import { tellersIn } from './drain-refusal.ts';

/** How a host would be silent for longer than a balancer has patience with it. */
export interface TooSilent {
  /** the guard that knows who is there */
  readonly guard: string;
  readonly polls: Polls;
  /** in the playbook's order: the handlers, and actions by their names */
  readonly during: readonly string[];
  /** for how long at most, with the time that a failed change takes to be put back; seconds */
  readonly seconds: number;
}

/** How long a host may be silent without being taken for dead. Seconds. */
export function patienceOf({ every, misses }: Pick<Polls, 'every' | 'misses'>): number {
  // The first question may come at the very moment in which the host falls silent.
  return every * (misses - 1);
}

/**
 * The balancer in the inventory that would take a host for dead while it is changed as planned, and end what
 * goes on there; undefined if none would.
 */
export function tooSilent(
  plan: HostPlan,
  host: InventoryHost,
  { inventory }: Pick<ApplyOptions, 'inventory'>,
): TooSilent | undefined {
  for (const drain of drainsOf(inventory, host)) {
    const isThere = tellersIn(inventory, drain.on).length > 0;
    for (const polls of drain.polls) {
      if (!isThere && polls.at === '') continue;
      const { during, seconds } = silence(plan, drain, polls);
      if (seconds > patienceOf(polls)) return { guard: drain.guard, polls, during, seconds };
    }
  }
  return undefined;
}

function silence(
  plan: HostPlan,
  { guard }: Pick<Drain, 'guard'>,
  { silent }: Pick<Polls, 'silent'>,
): Pick<TooSilent, 'during' | 'seconds'> {
  const stages = stagesOf(plan);
  const handlers = stages
    .flatMap((stage) => stage.handlers.map(({ handler }) => handler))
    .filter(({ id }) => silent.includes(id));
  // What interrupts everything asks the same guard.
  const actions = stages
    .flatMap((stage) => stage.actions.map(({ action }) => action))
    .filter(({ guards = [] }) => guards.some(({ id }) => id === guard));
  return {
    during: [...actions.map(({ name }) => name), ...handlers.map(({ id }) => id)],
    seconds:
      actions.reduce((sum, { timeout }) => sum + timeout, 0) +
      handlers.reduce((sum, { timeout, settle }) => sum + timeout + settle + putBack(timeout), 0),
  };
}

/** As long as the host may take to have it run again with the former files; see `revertLimit`. Seconds. */
function putBack(timeout: number): number {
  return 3 * timeout + 30;
}
