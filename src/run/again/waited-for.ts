import pLimit from 'p-limit';
import { type InventoryHost, roleOf } from '../../inventory/inventory.ts';
import { durationWords } from '../../model/duration.ts';
import type { Guard } from '../../model/handler.ts';
import { guardsOf } from '../../playbook/resolve/reads.ts';
import { askThese, type Presence } from '../busy/ask-guards.ts';
import { policyOf } from '../busy/policy.ts';
import { isOverHere } from '../claims/leases.ts';
import type { RunOptions } from '../options.ts';
import { isReserved, type SeenRun } from './seen-run.ts';
import { hostsToBegin } from './turn-so-far.ts';

/** Between two questions to one host. Milliseconds. */
const pause = 10_000;

/** What is told of a host that was told of as waiting, and no longer does. */
const gone = 'nobody is there any more';

interface Asking {
  readonly ask?: typeof askThese;
  /** milliseconds that only ever grow */
  readonly now?: () => number;
}

/**
 * Tells of the hosts of a run that goes on which of them wait for people to go, and who is there. Only the
 * run's controller knows that it waits; whoever follows it elsewhere sees that such a host has its turn, and
 * asks the same guards. Nothing is told of a run whose controller is gone, or that isn't one of `apply`.
 */
export function waitingTeller(
  options: RunOptions,
  { ask = askThese, now = () => performance.now() }: Asking = {},
): (seen: SeenRun) => Promise<void> {
  const asked = new Map<string, number>();
  /** what was said last of each host that is said to wait */
  const told = new Map<string, string>();
  const unasked = new Map<string, string>();
  const limit = pLimit(options.parallel);
  const isDue = ({ name }: InventoryHost) => now() - (asked.get(name) ?? -pause) >= pause;
  const say = (host: string, phase: 'waiting' | 'put-off', detail: string) =>
    options.progress({ kind: 'host', host, phase, detail });
  const tell = (host: string, found: Presence, atMost: string) => {
    if (found.kind !== 'empty' && found.isUnasked === true) {
      if (unasked.get(host) === found.words) return;
      unasked.set(host, found.words);
      const text = `${host}: whether it waits for people can't be seen from here: ${found.words}`;
      return options.progress({ kind: 'message', text });
    }
    unasked.delete(host);
    if (found.kind === 'empty' && !told.has(host)) return;
    const words = found.kind === 'empty' ? gone : `${found.words}; waits ${atMost} at most`;
    if (told.get(host) === words) return;
    told.set(host, words);
    say(host, 'waiting', words);
  };
  return async (seen) => {
    if (!isReserved(seen, (lease) => isOverHere({ lease }))) return;
    const atMost = durationWords(seen.agreement.options?.waitTimeout ?? 0);
    const waited = waitedFor(seen, options);
    for (const host of [...told.keys()].filter((name) => waited.every((one) => one.host.name !== name))) {
      told.delete(host);
      // What is done to one that has begun is told from its log.
      if (!hasBegun(host, seen)) say(host, 'put-off', 'it is no longer waited for');
    }
    const one = async (host: InventoryHost, guards: readonly Guard[]) => {
      asked.set(host.name, now());
      const found = await ask(host, guards, options);
      if (!options.signal.aborted) tell(host.name, found, atMost);
    };
    const due = waited.filter(({ host }) => isDue(host));
    await Promise.all(due.map(({ host, guards }) => limit(() => one(host, guards))));
  };
}

interface Waited {
  readonly host: InventoryHost;
  readonly guards: readonly Guard[];
}

/** Hosts whose role has its turn, that may yet begin, and whose guards are asked before they do. */
export function waitedFor(seen: SeenRun, { inventory }: Pick<RunOptions, 'inventory'>): readonly Waited[] {
  const { options: agreed, plan } = seen.agreement;
  if (agreed === undefined || plan === undefined) return [];
  return hostsToBegin(seen, agreed.waitTimeout).flatMap((host) => {
    if (policyOf(host.role, { inventory, whenBusy: agreed.whenBusy }) !== 'wait') return [];
    const own = plan.hosts.find((one) => one.host === host.name);
    const handlers = own?.stages.flatMap((stage) => stage.handlers);
    const asking = roleOf(inventory.playbook, host.role).handlers.filter(({ id }) => handlers?.includes(id));
    const ids = new Set(asking.flatMap(({ guards }) => guards));
    const guards = guardsOf(inventory, host).filter(({ id }) => ids.has(id));
    return guards.length === 0 ? [] : [{ host, guards }];
  });
}

function hasBegun(name: string, { hosts }: SeenRun): boolean {
  const last = hosts.find(({ host }) => host.name === name)?.known?.stages.at(-1);
  return last !== undefined && last.state !== 'deferred';
}
