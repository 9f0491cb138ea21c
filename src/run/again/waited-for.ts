import pLimit from 'p-limit';
import { type InventoryHost, roleOf } from '../../inventory/inventory.ts';
import { durationWords } from '../../model/duration.ts';
import type { Guard } from '../../model/handler.ts';
import { noReads } from '../../model/reads.ts';
import { drainsOf } from '../../playbook/resolve/drains.ts';
import { guardsOf } from '../../playbook/resolve/reads.ts';
import { askThese, type Presence } from '../busy/ask-guards.ts';
import { tellersIn } from '../busy/drain-refusal.ts';
import { policyOf } from '../busy/policy.ts';
import { isOverHere } from '../claims/leases.ts';
import { lookAt } from '../look.ts';
import type { RunOptions } from '../options.ts';
import { isReserved, type SeenRun } from './seen-run.ts';
import { hostsToBegin } from './turn-so-far.ts';

/** Between two questions to one host. Milliseconds. */
const pause = 10_000;

/** What is told of a host that was told of as waiting, and no longer does. */
const gone = 'nobody is there any more';

interface Asking {
  readonly ask?: typeof askThese;
  readonly askOut?: typeof takenOut;
  /** milliseconds that only ever grow */
  readonly now?: () => number;
}

/**
 * Tells of the hosts of a run that goes on which of them wait for people to go, and who is there. Only the
 * run's controller knows that it waits; whoever follows it elsewhere sees that such a host has its turn, or
 * that a balancer was told to send nobody there, and asks the same guards. Nothing is told of a run whose
 * controller is gone, or that isn't one of `apply`.
 */
export function waitingTeller(
  options: RunOptions,
  { ask = askThese, askOut = takenOut, now = () => performance.now() }: Asking = {},
): (seen: SeenRun) => Promise<void> {
  const asked = new Map<string, number>();
  /** what was said last of each host that is said to wait */
  const told = new Map<string, string>();
  const unasked = new Map<string, string>();
  const limit = pLimit(options.parallel);
  let out: { readonly hosts: ReadonlySet<string>; readonly at: number } | undefined;
  const isDue = ({ name }: InventoryHost) => now() - (asked.get(name) ?? -pause) >= pause;
  const say = (host: string, phase: 'waiting' | 'put-off', detail: string) =>
    options.progress({ kind: 'host', host, phase, detail });
  const tell = (host: string, found: Presence, how: string) => {
    if (found.kind !== 'empty' && found.isUnasked === true) {
      if (unasked.get(host) === found.words) return;
      unasked.set(host, found.words);
      const text = `${host}: whether it waits for people can't be seen from here: ${found.words}`;
      return options.progress({ kind: 'message', text });
    }
    unasked.delete(host);
    if (found.kind === 'empty' && !told.has(host)) return;
    const words = found.kind === 'empty' ? gone : `${found.words}; ${how} at most`;
    if (told.get(host) === words) return;
    told.set(host, words);
    say(host, 'waiting', words);
  };
  return async (seen) => {
    if (!isReserved(seen, (lease) => isOverHere({ lease }))) return;
    if (mayDrain(seen, options) && now() - (out?.at ?? -pause) >= pause) {
      const hosts = await askOut(seen, options);
      out = { hosts: hosts ?? out?.hosts ?? new Set(), at: now() };
    }
    const waited = waitedFor(seen, options, out?.hosts);
    for (const host of [...told.keys()].filter((name) => waited.every((one) => one.host.name !== name))) {
      told.delete(host);
      // What is done to one that has begun is told from its log.
      if (!hasBegun(host, seen)) say(host, 'put-off', 'it is no longer waited for');
    }
    const one = async ({ host, guards, how }: Waited) => {
      asked.set(host.name, now());
      const found = await ask(host, guards, options);
      if (!options.signal.aborted) tell(host.name, found, how);
    };
    const due = waited.filter(({ host }) => isDue(host));
    await Promise.all(due.map((waiting) => limit(() => one(waiting))));
  };
}

interface Waited {
  readonly host: InventoryHost;
  readonly guards: readonly Guard[];
  /** what is done meanwhile, and for how long at most, in words */
  readonly how: string;
}

/**
 * Hosts whose role has its turn, that may yet begin, and whose guards are asked before they do; of those that
 * are drained, the ones in `out`, to which the run has a balancer send nobody new.
 */
export function waitedFor(
  seen: SeenRun,
  { inventory }: Pick<RunOptions, 'inventory'>,
  out: ReadonlySet<string> = new Set(),
): readonly Waited[] {
  const { options: agreed, plan } = seen.agreement;
  if (agreed === undefined || plan === undefined) return [];
  const policy = ({ role }: InventoryHost) => policyOf(role, { inventory, whenBusy: agreed.whenBusy });
  const waiting = hostsToBegin(seen, agreed.waitTimeout).filter((host) => policy(host) === 'wait');
  const drained = hostsToDrain(seen).filter((host) => policy(host) === 'drain' && out.has(host.name));
  return [...waiting, ...drained].flatMap((host) => {
    const own = plan.hosts.find((one) => one.host === host.name);
    const handlers = own?.stages.flatMap((stage) => stage.handlers);
    const asking = roleOf(inventory.playbook, host.role).handlers.filter(({ id }) => handlers?.includes(id));
    const ids = new Set(asking.flatMap(({ guards }) => guards));
    const guards = guardsOf(inventory, host).filter(({ id }) => ids.has(id));
    const how = drained.includes(host)
      ? `gets nobody new, and waits ${durationWords(agreed.drainTimeout)}`
      : `waits ${durationWords(agreed.waitTimeout)}`;
    return guards.length === 0 ? [] : [{ host, guards, how }];
  });
}

/** Whether hosts of a run that aren't at work may be drained now. */
function mayDrain(seen: SeenRun, { inventory }: Pick<RunOptions, 'inventory'>): boolean {
  const { options: agreed, plan } = seen.agreement;
  if (agreed === undefined || plan === undefined) return false;
  return hostsToDrain(seen).some(
    ({ role }) => policyOf(role, { inventory, whenBusy: agreed.whenBusy }) === 'drain',
  );
}

/** Hosts that the run is to change, and that have not begun, or were put off before. */
function hostsToDrain({ agreement, hosts }: SeenRun): readonly InventoryHost[] {
  const due = new Set(agreement.hosts.filter((one) => one.due).map(({ host }) => host));
  return hosts.flatMap(({ host, known }) => {
    const last = known?.stages.at(-1);
    const isBegun = last !== undefined && last.state !== 'deferred';
    return due.has(host.name) && known !== undefined && !isBegun ? [host] : [];
  });
}

/**
 * The hosts to which a run has balancers send nobody new, by those that told them; undefined where one of
 * these can't be asked.
 */
async function takenOut(seen: SeenRun, options: RunOptions): Promise<ReadonlySet<string> | undefined> {
  const { inventory } = options;
  const roles = new Set(hostsToDrain(seen).flatMap((host) => drainsOf(inventory, host).map(({ on }) => on)));
  const tellers = [...roles].flatMap((role) => tellersIn(inventory, role));
  const limit = pLimit(options.parallel);
  const looks = await Promise.all(
    tellers.map((teller) => limit(() => lookAt(teller, () => noReads, options))),
  );
  if (looks.some(({ snapshot }) => snapshot === undefined)) return undefined;
  const cordons = looks.flatMap(({ snapshot }) => snapshot?.cordons ?? []);
  const own = cordons.filter(
    ({ cluster, run }) => cluster === inventory.cluster.name && run === seen.agreement.run,
  );
  return new Set(own.map(({ node }) => node));
}

function hasBegun(name: string, { hosts }: SeenRun): boolean {
  const last = hosts.find(({ host }) => host.name === name)?.known?.stages.at(-1);
  return last !== undefined && last.state !== 'deferred';
}
