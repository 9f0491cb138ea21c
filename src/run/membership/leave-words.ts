import type { Inventory } from '../../inventory/inventory.ts';
import { drainsOf } from '../../playbook/resolve/drains.ts';
import { tellersIn } from '../busy/drain-refusal.ts';
import { policyOf } from '../busy/policy.ts';
import type { ApplyOptions } from '../options.ts';

/** What somebody who takes a host out is told before they agree. */
export interface LeaveWords {
  /** that nobody keeps new people away, and what to do about that; undefined: a balancer is told */
  readonly warning: string | undefined;
  /** how the question begins, before the number of hosts */
  readonly question: string;
}

/** Who is told to send no more people to a host that leaves, and for whom it is waited. */
export function leaveWords(
  name: string,
  options: Pick<ApplyOptions, 'inventory' | 'whenBusy' | 'drainTimeout'>,
): LeaveWords {
  const host = options.inventory.hosts.find((one) => one.name === name);
  const warning = untoldWarning(options.inventory, name);
  const isForced = host !== undefined && policyOf(host.role, options) === 'force';
  const waits = isForced
    ? ['interrupt whoever is there']
    : options.drainTimeout > 0
      ? [`wait until nobody is on ${name}`]
      : [];
  const told = warning === undefined ? [`have the balancer send nobody new to ${name}`] : [];
  const before = [...told, ...waits].join(', ');
  const text = `${before}${before === '' ? '' : ' and '}carry this out on`;
  return { warning, question: `${text.charAt(0).toUpperCase()}${text.slice(1)}` };
}

function untoldWarning(inventory: Inventory, name: string): string | undefined {
  const host = inventory.hosts.find((one) => one.name === name);
  const drains = host === undefined ? [] : drainsOf(inventory, host);
  const untold = drains.map(({ on }) => on).find((on) => tellersIn(inventory, on).length === 0);
  if (drains.length > 0 && untold === undefined) return undefined;
  const why =
    untold === undefined
      ? "the playbook doesn't say how new people are kept away from it"
      : `the inventory has no host of the role ${untold}`;
  const other = untold === undefined ? '' : `, or name its host below hosts.${untold}`;
  return `no balancer is told that ${name} leaves, as ${why}: new people come there as before, and it may never be empty; first take it out of whatever sends people there${other}`;
}
