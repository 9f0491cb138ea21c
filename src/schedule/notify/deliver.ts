import { type Notifying, type Target, usualLimits } from './notifying.ts';
import { type Failure, send, type Way } from './send.ts';
import type { Spool, Spooled } from './spool.ts';

/** So many messages in a row may be refused before those behind them are taken to be refused as well. */
const mostRefused = 20;
/** A message that was refused so often, while a later one was taken, is given up. */
const mostRefusals = 3;
/** After so many attempts the message itself is taken to fail, where that isn't clear. */
const unclearAttempts = 5;

/** Delivers what is due, in order for each target, all targets at once. Returns what is worth a word. */
export async function deliver(spool: Spool, notifying: Notifying): Promise<readonly string[]> {
  const { targets, now } = notifying;
  const gone = await spool.bound(now());
  const all = await spool.all();
  const until = Date.now() + (notifying.limits ?? usualLimits).all;
  const notes = await Promise.all(
    targets.map((target) =>
      deliverTo(
        target,
        all.filter((one) => one.target === target.known.key),
        { spool, notifying, until },
      ),
    ),
  );
  // Those who are not in the inventory any longer are told nothing.
  const keys = new Set(targets.map(({ known }) => known.key));
  for (const one of all) if (!keys.has(one.target)) await spool.remove(one);
  const given = [...gone].map(([key, count]) => {
    const name = targets.find(({ known }) => known.key === key)?.name ?? 'a target that is gone';
    return `${name}: ${messages(count)} given up: too old, or too many`;
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
  target: Target,
  waiting: readonly Spooled[],
  delivering: Delivering,
): Promise<readonly string[]> {
  const { now, isQuiet } = delivering.notifying;
  const pages = waiting.filter(({ message }) => message.severity === 'page');
  const others = isQuiet(now()) ? [] : waiting.filter(({ message }) => message.severity !== 'page');
  // What nobody is told needs no secret.
  if (![...pages, ...others].some(({ next }) => next <= now())) return [];
  const way = await target.way();
  const ended: Ended[] = [];
  // A page waits for no other message, not even for the pause after one that failed.
  for (const queue of [pages, others]) ended.push(await deliverQueue(queue, target, way, delivering));
  const [failure] = ended.flatMap(({ failure: one }) => one ?? []);
  const lost = ended.reduce((sum, { lost: count }) => sum + count, 0);
  const done = ended.reduce((sum, { sent }) => sum + sent, lost);
  return [
    ...(lost === 0
      ? []
      : [`${target.name}: ${messages(lost)} given up: refused, while a later one was taken`]),
    ...(failure === undefined
      ? []
      : [`${target.name}: ${failure.why}; messages that wait: ${pages.length + others.length - done}`]),
  ];
}

interface Ended {
  readonly sent: number;
  readonly lost: number;
  readonly failure: Failure | undefined;
}

/**
 * One message after the other. Whoever can't be reached is asked no more, so that the order holds. One that
 * is refused blocks nobody: it waits until the target is corrected, but where a later one was taken it is the
 * message that they don't want, and it is given up once it was refused often enough.
 */
async function deliverQueue(
  queue: readonly Spooled[],
  { known: { key } }: Target,
  way: Way,
  { spool, notifying, until }: Delivering,
): Promise<Ended> {
  const { now, limits = usualLimits } = notifying;
  const [start, ended] = [now(), { sent: 0, lost: 0, failure: undefined as Failure | undefined }];
  let refused: Spooled[] = [];
  // Those that were refused are tried again by and by, and before a new one is sent.
  if (!queue.some(({ next }) => next <= start)) return ended;
  for (const one of queue) {
    const wasRefused = one.refused === true;
    const left = until - Date.now();
    if (left <= 0 || (one.next > start && !wasRefused)) break;
    if (wasRefused && refused.length >= mostRefused) {
      refused.push(one);
      continue;
    }
    const failure = await send(way, one.message, { limit: Math.min(limits.attempt, left), now });
    if (failure === undefined) {
      await spool.remove(one);
      await spool.countDropped(key, -one.message.dropped);
      const given = refused.filter(({ refusals = 0 }) => refusals >= mostRefusals);
      for (const other of given) await spool.remove(other);
      await spool.countDropped(key, given.length);
      ended.sent += 1;
      ended.lost += given.length;
      [refused, ended.failure] = [[], undefined];
      continue;
    }
    const attempts = one.attempts + 1;
    const isPassed = failure.isRefusal || (failure.isUnclear === true && attempts >= unclearAttempts);
    refused.push(await spool.postpone(one, { failure, isPassed, now: now() }));
    ended.failure ??= failure;
    if (!isPassed || (!wasRefused && refused.length > mostRefused)) break;
  }
  return ended;
}

function messages(count: number): string {
  return `${count} ${count === 1 ? 'message was' : 'messages were'}`;
}
