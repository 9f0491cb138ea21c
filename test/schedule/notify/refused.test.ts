import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Notifying } from '../../../src/schedule/notify/notifying.ts';
import { Spool } from '../../../src/schedule/notify/spool.ts';
import { tell, waitingOf } from '../../../src/schedule/notify/tell.ts';
import { host, look, notifying, type Received, receiver, webhook } from './receiver.ts';

const hour = 3_600_000;
const start = Date.parse('2026-11-26T10:00:00Z');
const drifted = (...paths: readonly string[]) => look([host('a', 'would-change', paths)]);
const whats = ({ all }: { all: readonly Received[] }) =>
  all.map(({ body }) => JSON.parse(body).items[0].what as string);

/** The same targets after somebody has corrected the inventory. */
function corrected(told: Notifying, print: string): Notifying {
  return { ...told, targets: told.targets.map((one) => ({ ...one, known: { ...one.known, print } })) };
}

it('whoever refuses everything is told all of it in order once it is corrected', async () => {
  const clock = { now: start };
  let status = 404;
  const receiving = await receiver(() => status);
  const told = notifying({ hook: webhook(receiving.url) }, clock);
  expect(await tell(drifted('/a'), told)).toEqual([
    'hook: it answered with status 404; messages that wait: 1',
  ]);
  clock.now += hour;
  // Nothing is new, and nobody is asked again so soon.
  expect(await tell(drifted('/a'), told)).toEqual([]);
  expect(whats(receiving)).toEqual(['/a']);
  clock.now += hour;
  await tell(drifted('/a', '/b'), told);
  expect(whats(receiving)).toEqual(['/a', '/a', '/b']);
  clock.now += 60_000;
  status = 200;
  expect(await tell(drifted('/a', '/b'), corrected(told, 'other'))).toEqual([]);
  expect(whats(receiving)).toEqual(['/a', '/a', '/b', '/a', '/b']);
  expect(await waitingOf(told.targets, told.folder)).toMatchObject([{ waiting: 0, dropped: 0 }]);
});

it('a secret that was renewed elsewhere: the new message comes behind the old ones', async () => {
  const clock = { now: start };
  let status = 401;
  const receiving = await receiver(() => status);
  const told = notifying({ hook: webhook(receiving.url) }, clock);
  await tell(drifted('/a'), told);
  status = 200;
  clock.now += 60_000;
  await tell(drifted('/a', '/b'), told);
  expect(whats(receiving)).toEqual(['/a', '/a', '/b']);
});

it('a message that they do not want blocks nothing, and the next one says that it was given up', async () => {
  const clock = { now: start };
  const bodies: string[] = [];
  const receiving = await receiver((number) => {
    bodies.push(receiving.all[number - 1]?.body ?? '');
    return bodies.at(-1)?.includes('/too-long') ? 413 : 200;
  });
  const told = notifying({ hook: webhook(receiving.url) }, clock);
  await tell(drifted('/too-long'), told);
  clock.now += hour;
  expect(await tell(drifted('/too-long', '/b'), told)).toEqual([
    'hook: 1 message was given up: refused, while a later one was taken',
  ]);
  expect(whats(receiving)).toEqual(['/too-long', '/too-long', '/b']);
  clock.now += hour;
  await tell(drifted('/too-long', '/b', '/c'), told);
  expect(JSON.parse(receiving.all.at(-1)?.body ?? '')).toMatchObject({
    items: [{ what: '/c' }],
    dropped: 1,
  });
  expect(await waitingOf(told.targets, told.folder)).toMatchObject([{ waiting: 0, dropped: 0 }]);
});

it.each([408, 425, 429, 500, 503])('status %i is no refusal: nothing passes what waits', async (status) => {
  const clock = { now: start };
  const receiving = await receiver(() => status);
  const told = notifying({ hook: webhook(receiving.url) }, clock);
  await tell(drifted('/a'), told);
  clock.now += hour;
  await tell(drifted('/a', '/b'), told);
  expect(whats(receiving)).toEqual(['/a', '/a']);
});

it('of very many that are refused only some are tried, and the first that was not', async () => {
  const clock = { now: start };
  const receiving = await receiver(() => 403);
  const told = notifying({ hook: webhook(receiving.url) }, clock);
  const paths: string[] = [];
  for (let number = 0; number < 25; number += 1) {
    paths.push(`/${number}`);
    clock.now += 1_000;
    const before = receiving.all.length;
    await tell(drifted(...paths), told);
    expect(receiving.all.length - before).toBeLessThanOrEqual(21);
    expect(JSON.parse(receiving.all.at(-1)?.body ?? '').items[0].what).toBe(`/${number}`);
  }
});

it('a mistake in a template is told as one, and not as a server that is gone', async () => {
  const clock = { now: start };
  const receiving = await receiver(() => 200);
  const told = notifying({}, clock);
  const template = join(told.folder, 'message.liquid');
  const way = { kind: 'webhook', url: receiving.url, form: { template }, secret: undefined } as const;
  const known = { key: 'one', kind: 'webhook', print: 'one' } as const;
  const target = { known, name: 'one', severities: ['ticket'], way: () => Promise.resolve(way) } as const;
  const one = { ...told, targets: [target] };
  expect(await tell(drifted('/a'), one)).toEqual([
    "one: its template can't be used (ENOENT); messages that wait: 1",
  ]);
  writeFileSync(template, 'first\n{{ message.nothing }}\n');
  clock.now += 7 * hour;
  expect(await tell(drifted('/a'), one)).toEqual([
    "one: its template can't be used (line 2); messages that wait: 1",
  ]);
  writeFileSync(template, '{{ text }}');
  clock.now += 7 * hour;
  expect(await tell(drifted('/a'), one)).toEqual([]);
  expect(receiving.all.map(({ body }) => body)).toEqual(['ticket: a: /a is not as planned']);
});

it('counts what was given up of all targets, also of those that are counted at the same time', async () => {
  const { folder } = notifying({}, { now: start });
  const spool = new Spool(folder);
  const keys = Array.from({ length: 20 }, (_, number) => `webhook-${number}`);
  await Promise.all(keys.map((key) => spool.countDropped(key, 2)));
  await Promise.all(keys.map((key) => spool.countDropped(key, -1)));
  expect(await spool.dropped()).toEqual(Object.fromEntries(keys.map((key) => [key, 1])));
  expect(readdirSync(join(folder, 'notify')).sort()).toEqual(['dropped.json', 'spool']);
  expect(readFileSync(join(folder, 'notify/dropped.json'), 'utf8')).toContain('"webhook-19":1');
});
