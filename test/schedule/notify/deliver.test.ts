import { createHmac } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ReportDocument } from '../../../src/report/document/schema.ts';
import { changesAfter, nothingKnown } from '../../../src/schedule/notify/changes.ts';
import type { Way } from '../../../src/schedule/notify/send.ts';
import { tell, waitingOf } from '../../../src/schedule/notify/tell.ts';
import { closeAfter, host, look, notifying, type Received, receiver, webhook, wrong } from './receiver.ts';

it('tells changes only, and pages after two looks', () => {
  let known = nothingKnown;
  const next = (document: ReportDocument) => {
    const after = changesAfter(known, document, 0, () => 1);
    known = after.known;
    return after.items.map(({ change, severity, what }) => [change, severity, what]);
  };
  const drifted = look([host('a', 'would-change', ['/etc/x'])], [wrong]);
  expect(next(drifted)).toEqual([['new', 'ticket', '/etc/x']]);
  expect(next(drifted)).toEqual([['new', 'page', 'joins']]);
  expect(next(drifted)).toEqual([]);
  // Nobody knows whether the drift is over; that the host can't be reached is news.
  expect(next(look([host('a', 'unreachable')], [wrong]))).toEqual([['new', 'ticket', 'unreachable']]);
  // A run of ours has just worked there: what it interrupts isn't told.
  expect(next(look([host('a', 'changed', ['/etc/x'])], [], 'run'))).toEqual([
    ['over', 'ticket', 'unreachable'],
    ['over', 'ticket', '/etc/x'],
    ['repaired', 'info', '1'],
  ]);
  expect(next(look([host('a', 'in-sync')]))).toEqual([['over', 'page', 'joins']]);
});

it('one that fails twice, one that hangs and one gone for a day: in order, same ids, nothing blocked', async () => {
  const clock = { now: Date.parse('2026-11-26T10:00:00Z') };
  const sound = await receiver(() => 204);
  const twice = await receiver((number) => (number <= 2 ? 500 : 200));
  const hanging = await receiver(() => undefined);
  const redirecting = await receiver(() => 307);
  const gone = await receiver(() => (clock.now > Date.parse('2026-11-27T11:00:00Z') ? 200 : 503));
  const told = notifying(
    {
      sound: webhook(sound.url),
      twice: webhook(twice.url, 'key'),
      hanging: webhook(hanging.url),
      redirecting: webhook(redirecting.url, 'key'),
      gone: webhook(gone.url),
    },
    clock,
    800,
  );
  for (let hour = 0; hour < 40; hour++) {
    await tell(look([host('a', 'would-change', hour < 3 ? ['/x'] : ['/x', '/y'])]), told);
    // Only those that have something to retry cost time: the hanging one is enough of a wait as it is.
    clock.now += 3_600_000;
  }
  const ids = ({ all }: { all: readonly Received[] }) => all.map(({ body }) => JSON.parse(body).id as string);
  expect(sound.all).toHaveLength(2);
  expect(ids(twice)).toHaveLength(4);
  expect(new Set(ids(twice).slice(0, 3)).size).toBe(1);
  const whats = (one: { all: readonly Received[] }) => [
    ...new Set(one.all.map(({ body }) => JSON.parse(body).items[0].what)),
  ];
  expect([whats(sound), whats(twice), whats(gone)]).toEqual([
    ['/x', '/y'],
    ['/x', '/y'],
    ['/x', '/y'],
  ]);
  expect(new Set(ids(gone)).size).toBe(2);
  // Never past the first one where nobody answers, and never to where it was sent on.
  expect([new Set(ids(hanging)).size, new Set(ids(redirecting)).size]).toEqual([1, 2]);
  expect(redirecting.all.every(({ path }) => path === '/hook')).toBe(true);
  expect((await waitingOf(told.targets, told.folder)).map(({ waiting }) => waiting)).toEqual([0, 0, 2, 2, 0]);
  for (const { headers, body } of twice.all) {
    const text = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    expect(headers['webhook-signature']).toBe(
      `v1,${createHmac('sha256', 'key').update(text).digest('base64')}`,
    );
  }
  const kept = readdirSync(join(told.folder, 'notify/spool'));
  expect(kept).toHaveLength(4);
  for (const name of kept) expect(statSync(join(told.folder, 'notify/spool', name)).mode & 0o777).toBe(0o600);
});

it('sends mail', async () => {
  const heard: string[] = [];
  const server = createTcp((socket) => {
    let isData = false;
    socket.write('220 test\r\n');
    socket.setEncoding('utf8').on('data', (text: string) => {
      heard.push(text);
      if (isData) {
        if (!text.endsWith('.\r\n')) return;
        isData = false;
        socket.write('250 ok\r\n');
      } else if (text.startsWith('DATA')) {
        isData = true;
        socket.write('354 go on\r\n');
      } else socket.write('250 ok\r\n');
    });
    socket.on('error', () => undefined);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  closeAfter(() => server.close());
  const { port } = server.address() as AddressInfo;
  const way: Way = {
    ...{ kind: 'mail', to: ['ops@example.com'], from: 'cp@example.com', host: '127.0.0.1', port },
    ...{ security: 'none', user: undefined, password: undefined },
  };
  const told = notifying({ mail: way }, { now: 0 });
  expect(await tell(look([host('a', 'would-change', ['/x'])]), told)).toEqual([]);
  expect(heard.join('')).toContain('Subject: [ticket] cluster prod: 1 new');
  expect(heard.join('')).toContain('ticket: a: /x is not as planned');
});
