import { reasonOf } from '../../document/reason.ts';
import type { NotifyItem, NotifyMessage, NotifyTargetTold } from '../../model/notify.ts';
import type { ReportDocument } from '../../report/document/schema.ts';
import { changesAfter, type Known } from './changes.ts';
import { deliver } from './deliver.ts';
import { messageOf } from './message.ts';
import { type Notifying, noSecret, type Target, usualLimits } from './notifying.ts';
import { ping, send } from './send.ts';
import { Spool } from './spool.ts';

/**
 * Tells what has changed since the look before, once a run or a look has ended: writes a message for each
 * target, then delivers what is due, the former ones first. Where nothing can be written, each target is told
 * at once, and only once. Returns what is worth a word of it. Whoever calls it holds the schedule's lock, if
 * that can be had.
 */
export async function tell(document: ReportDocument, notifying: Notifying): Promise<readonly string[]> {
  const { targets, cluster, folder, now, deadMan, mostOut, limits = usualLimits } = notifying;
  const spool = new Spool(folder);
  const at = now();
  const before = unwritten.get(folder) ?? (await spool.known());
  const { known, items } = changesAfter(before, document, at, mostOut);
  const pinged =
    deadMan === undefined || !hasLooked(document)
      ? undefined
      : deadMan().then((url) => (url === undefined ? noSecret : ping(url, limits.attempt)));
  const why = await write(items, known, { spool, targets, cluster, folder, at }).catch((error: unknown) =>
    reasonOf(error),
  );
  const notes =
    why === undefined
      ? await deliver(spool, notifying)
      : [
          `what people are told can't be written down (${why}): they are told at once`,
          ...(await tellAtOnce(items, known, notifying)),
        ];
  const silent = await pinged;
  return [...notes, ...(silent === undefined ? [] : [`dead_man could not be told of this run: ${silent}`])];
}

/** Whether a run could look at any host at all. */
function hasLooked({ hosts }: ReportDocument): boolean {
  return hosts.some(({ status }) => !['unreachable', 'unknown', 'off', 'skipped'].includes(status));
}

interface Writing extends Pick<Notifying, 'targets' | 'cluster' | 'folder'> {
  readonly spool: Spool;
  readonly at: number;
}

async function write(
  items: readonly NotifyItem[],
  known: Known,
  { spool, targets, cluster, folder, at }: Writing,
): Promise<undefined> {
  await spool.meet(targets.map((target) => target.known));
  const dropped = await spool.dropped();
  for (const {
    known: { key },
    severities,
  } of targets) {
    const message = messageOf(items, { cluster, at, wanted: severities, dropped: dropped[key] ?? 0 });
    if (message !== undefined) await spool.add(key, message);
  }
  // Not before they are written: one that is told twice is better than one that is never told.
  await spool.remember(known);
  unwritten.delete(folder);
}

/** What is known where that can't be written, by folder, while this process lasts, which may watch. */
const unwritten = new Map<string, Known>();

/** Past the spool, which can't be written. */
async function tellAtOnce(
  items: readonly NotifyItem[],
  known: Known,
  { targets, cluster, folder, now, limits = usualLimits }: Notifying,
): Promise<readonly string[]> {
  const notes = await Promise.all(
    targets.map(async ({ name, severities, way }) => {
      const message = messageOf(items, { cluster, at: now(), wanted: severities, dropped: 0 });
      if (message === undefined) return [];
      const failed = await send(await way(), message, { limit: limits.attempt, now });
      return failed === undefined ? [] : [`${name}: ${failed.why}`];
    }),
  );
  if (notes.flat().length === 0) unwritten.set(folder, known);
  return notes.flat();
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
      const failed = await send(await way(), message, { limit: limits.attempt, now });
      return { target: name, severities, waiting: 0, dropped: 0, answer: failed?.why ?? 'delivered' };
    }),
  );
}

/** What waits for each target. */
export async function waitingOf(
  targets: readonly Pick<Target, 'known' | 'name' | 'severities'>[],
  folder: string,
): Promise<readonly NotifyTargetTold[]> {
  const spool = new Spool(folder);
  const [all, dropped] = [await spool.all(), await spool.dropped()];
  return targets.map(({ known: { key }, name, severities }) => {
    const own = all.filter(({ target }) => target === key);
    const [first] = own;
    return {
      ...{ target: name, severities, waiting: own.length, dropped: dropped[key] ?? 0 },
      ...(first === undefined ? {} : { oldest: first.message.at, answer: first.answer }),
      ...(first === undefined || first.next === 0 ? {} : { next: new Date(first.next).toISOString() }),
    };
  });
}
