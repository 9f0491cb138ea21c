import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Notifying } from '../../../src/schedule/notify/notifying.ts';
import { retryAfter } from '../../../src/schedule/notify/send.ts';
import { Spool } from '../../../src/schedule/notify/spool.ts';
import { tell, waitingOf } from '../../../src/schedule/notify/tell.ts';
import { closeAfter, host, look, notifying, type Received, receiver, webhook } from './receiver.ts';

const hour = 3_600_000;
const start = Date.parse('2026-11-26T10:00:00Z');
const drifted = (...paths: readonly string[]) => look([host('a', 'would-change', paths)]);
const whats = ({ all }: { all: readonly Received[] }) =>
  all.map(({ body }) => JSON.parse(body).items[0].what as string);

const lines = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []);

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
  // It may have been a mistake of theirs: once is not often enough.
  expect(await tell(drifted('/too-long', '/a'), told)).toEqual([]);
  expect(await waitingOf(told.targets, told.folder)).toMatchObject([{ waiting: 1, dropped: 0 }]);
  clock.now += hour;
  expect(await tell(drifted('/too-long', '/a', '/b'), told)).toEqual([
    'hook: 1 message was given up: refused, while a later one was taken',
  ]);
  expect(whats(receiving)).toEqual(['/too-long', '/too-long', '/a', '/too-long', '/b']);
  clock.now += hour;
  await tell(drifted('/too-long', '/a', '/b', '/c'), told);
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

it('a command that fails on one message blocks the others for a while only', async () => {
  const clock = { now: start };
  const told = notifying({}, clock);
  const file = join(told.folder, 'told');
  const words = [
    '/bin/sh',
    '-c',
    `read -r line; case $line in *bad*) exit 1 ;; esac; echo "$line" >>${file}`,
  ];
  const way = { kind: 'command', words, folder: told.folder } as const;
  const known = { key: 'own', kind: 'command', print: 'own' } as const;
  const own = { known, name: 'own', severities: ['ticket'], way: () => Promise.resolve(way) } as const;
  const one = { ...told, targets: [own] };
  const arrived = () => whats({ all: lines(file).map((body) => ({ path: '', headers: {}, body })) });
  await tell(drifted('/bad'), one);
  for (let attempts = 1; attempts < 5; attempts += 1) {
    expect(arrived()).toEqual([]);
    clock.now += hour;
    await tell(drifted('/bad', '/b'), one);
  }
  expect(arrived()).toEqual(['/b']);
  const notes: (readonly string[])[] = [];
  for (const path of ['/c', '/d']) {
    clock.now += 60_000;
    notes.push(await tell(drifted('/bad', '/b', path), one));
  }
  expect({ arrived: arrived(), notes }).toMatchObject({ arrived: ['/b', '/c', '/d'] });
  expect(await waitingOf(one.targets, one.folder)).toMatchObject([{ waiting: 0, dropped: 1 }]);
});

it('a mail server that refuses the login is asked once a run, however much waits', async () => {
  const clock = { now: start };
  const logins: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('220 mail.example.com\r\n');
    socket.on('data', (data) => {
      for (const line of data.toString().split('\r\n').filter(Boolean)) {
        const isLogin = line.startsWith('AUTH');
        if (isLogin) logins.push(line);
        socket.write(
          isLogin
            ? '535 5.7.8 authentication failed\r\n'
            : '250-mail.example.com\r\n250 AUTH PLAIN LOGIN\r\n',
        );
      }
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  closeAfter(() => server.close());
  const { port } = server.address() as AddressInfo;
  const whose = { user: 'told', password: 'wrong', to: ['b@example.com'], from: 'a@example.com' } as const;
  const way = { kind: 'mail', ...whose, host: '127.0.0.1', port, security: 'none' } as const;
  const told = notifying({ mail: way }, clock);
  await tell(drifted('/a'), told);
  for (const more of [['/b'], ['/b', '/c']]) {
    clock.now += 60_000;
    expect(await tell(drifted('/a', ...more), told)).toEqual([
      `mail: the mail server answered with 535; messages that wait: ${more.length + 1}`,
    ]);
  }
  expect(logins).toHaveLength(3);
});

it('waits as long as it is asked to, within reason', async () => {
  const clock = { now: start };
  let status = 429;
  const receiving = await receiver(() => status, { 'retry-after': '7200' });
  const told = notifying({ hook: webhook(receiving.url) }, clock);
  await tell(drifted('/a'), told);
  status = 200;
  clock.now += 7_100_000;
  await tell(drifted('/a'), told);
  expect(receiving.all).toHaveLength(1);
  clock.now += 200_000;
  await tell(drifted('/a'), told);
  expect(receiving.all).toHaveLength(2);
});

it.each([
  ['120', 120_000],
  [' 0 ', 0],
  ['Thu, 26 Nov 2026 10:00:30 GMT', 30_000],
  ['Thu, 26 Nov 2026 09:00:00 GMT', 0],
  ['soon', undefined],
  ['-5', undefined],
  ['99999999999', undefined],
])('Retry-After: %s', (header, pause) => {
  expect(retryAfter(header, start)).toBe(pause);
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
