import type { NotifyItem, NotifyMessage, NotifyTargetTold, Severity } from '../../model/notify.ts';
import type { ReportDocument } from '../../report/document/schema.ts';
import { changesAfter } from './changes.ts';
import type { MostOut } from './findings.ts';
import { messageOf } from './message.ts';
import { ping, send, type Way } from './send.ts';
import { Spool, type Spooled } from './spool.ts';

/** One of those who are told. */
export interface Target {
  /** stays the same between runs */
  readonly key: string;
  /** in words, without addresses that may be secrets */
  readonly name: string;
  readonly severities: readonly Severity[];
  readonly way: Way;
}

/** Who is told, and when. */
export interface Notifying {
  readonly cluster: string;
  readonly targets: readonly Target[];
  /** whether tickets and infos wait at this moment */
  readonly isQuiet: (now: number) => boolean;
  readonly deadMan: string | undefined;
  readonly mostOut: MostOut;
  /** the schedule's own folder */
  readonly folder: string;
  readonly now: () => number;
  /** how long one attempt may take, and all of them; milliseconds */
  readonly limits?: { readonly attempt: number; readonly all: number };
}

const usualLimits = { attempt: 10_000, all: 60_000 };

/**
 * Tells what has changed since the look before, once a run or a look has ended: writes a message for each
 * target, then delivers what is due, the former ones first. Returns what is worth a word of it. Whoever calls
 * it holds the schedule's lock.
 */
export async function tell(document: ReportDocument, notifying: Notifying): Promise<readonly string[]> {
  const { targets, cluster, now, deadMan, mostOut, limits = usualLimits } = notifying;
  const spool = new Spool(notifying.folder);
  const at = now();
  const { known, items } = changesAfter(await spool.known(), document, at, mostOut);
  await write(items, { spool, targets, cluster, at });
  // Not before they are written: one that is told twice is better than one that is never told.
  await spool.remember(known);
  const pinged = deadMan === undefined || !hasLooked(document) ? undefined : ping(deadMan, limits.attempt);
  const notes = await deliver(spool, notifying);
  const silent = await pinged;
  return [...notes, ...(silent === undefined ? [] : [`dead_man could not be told of this run: ${silent}`])];
}

/** Whether a run could look at any host at all. */
function hasLooked({ hosts }: ReportDocument): boolean {
  return hosts.some(({ status }) => !['unreachable', 'unknown', 'off', 'skipped'].includes(status));
}

async function write(
  items: readonly NotifyItem[],
  { spool, targets, cluster, at }: Pick<Notifying, 'targets' | 'cluster'> & { spool: Spool; at: number },
): Promise<void> {
  const dropped = await spool.dropped();
  for (const { key, severities } of targets) {
    const message = messageOf(items, { cluster, at, wanted: severities, dropped: dropped[key] ?? 0 });
    if (message !== undefined) await spool.add(key, message);
  }
}

/** Delivers what is due, in order for each target, all targets at once. */
export async function deliver(spool: Spool, notifying: Notifying): Promise<readonly string[]> {
  const { targets, now } = notifying;
  const gone = await spool.bound(now());
  const all = await spool.all();
  const until = Date.now() + (notifying.limits ?? usualLimits).all;
  const notes = await Promise.all(
    targets.map((target) =>
      deliverTo(
        target,
        all.filter((one) => one.target === target.key),
        { spool, notifying, until },
      ),
    ),
  );
  // Those who are not in the inventory any longer are told nothing.
  const keys = new Set(targets.map(({ key }) => key));
  for (const one of all) if (!keys.has(one.target)) await spool.remove(one);
  const given = [...gone].map(([key, count]) => {
    const name = targets.find((one) => one.key === key)?.name ?? 'a target that is gone';
    return `${name}: ${count} messages were given up: they were too old, or too many`;
  });
  return [...given, ...notes.flat()];
}

interface Delivering {
  readonly spool: Spool;
  readonly notifying: Notifying;
  /** by the real clock */
  readonly until: number;
}

async function deliverTo(
  { way, name, key }: Target,
  waiting: readonly Spooled[],
  { spool, notifying, until }: Delivering,
): Promise<readonly string[]> {
  const { now, isQuiet, limits = usualLimits } = notifying;
  const pages = waiting.filter(({ message }) => message.severity === 'page');
  const others = isQuiet(now()) ? [] : waiting.filter(({ message }) => message.severity !== 'page');
  let sent = 0;
  const failures: string[] = [];
  // A page waits for no other message, not even for the pause after one that failed.
  for (const queue of [pages, others]) {
    for (const one of queue) {
      const left = until - Date.now();
      if (left <= 0 || one.next > now()) break;
      const failed = await send(way, one.message, { limit: Math.min(limits.attempt, left), now });
      if (failed !== undefined) {
        await spool.postpone(one, failed, now());
        failures.push(failed);
        break;
      }
      await spool.remove(one);
      sent += 1;
      if (one.message.dropped > 0) await spool.setDropped(key, 0);
    }
  }
  const [failed] = failures;
  return failed === undefined
    ? []
    : [`${name}: ${failed}; ${pages.length + others.length - sent} messages wait`];
}

/** Sends each target a message of its own, past everything that waits, and tells how each answered. */
export function tellTest(notifying: Notifying): Promise<readonly NotifyTargetTold[]> {
  const { targets, cluster, now, limits = usualLimits } = notifying;
  const item: NotifyItem = {
    ...{ change: 'test', severity: 'info', host: '', kind: 'test', what: '' },
    text: 'this is a test; nothing is wrong',
  };
  return Promise.all(
    targets.map(async ({ name, severities, way }) => {
      const at = now();
      const message = messageOf([item], { cluster, at, wanted: ['info'], dropped: 0 }) as NotifyMessage;
      const failed = await send(way, message, { limit: limits.attempt, now });
      return { target: name, severities, waiting: 0, dropped: 0, answer: failed ?? 'delivered' };
    }),
  );
}

/** What waits for each target. */
export async function waitingOf(
  targets: readonly Pick<Target, 'key' | 'name' | 'severities'>[],
  folder: string,
): Promise<readonly NotifyTargetTold[]> {
  const spool = new Spool(folder);
  const [all, dropped] = [await spool.all(), await spool.dropped()];
  return targets.map(({ key, name, severities }) => {
    const own = all.filter(({ target }) => target === key);
    const [first] = own;
    return {
      ...{ target: name, severities, waiting: own.length, dropped: dropped[key] ?? 0 },
      ...(first === undefined ? {} : { oldest: first.message.at, answer: first.answer }),
      ...(first === undefined || first.next === 0 ? {} : { next: new Date(first.next).toISOString() }),
    };
  });
}
