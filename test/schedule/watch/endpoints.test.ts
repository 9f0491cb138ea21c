import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type Endpoints, serveEndpoints } from '../../../src/schedule/watch/endpoints.ts';
import { parseListen } from '../../../src/schedule/watch/listen.ts';

const sound = { ailing: () => undefined, unready: () => undefined, metrics: () => 'a_metric 1\n' };
let endpoints: Endpoints | undefined;
afterEach(() => endpoints?.close());

const here = { host: '127.0.0.1', port: 0 };

test('an address is read with its port, and nothing else is', () => {
  expect(parseListen('127.0.0.1:9469')).toEqual({ host: '127.0.0.1', port: 9469 });
  expect(parseListen('[::1]:80')).toEqual({ host: '::1', port: 80 });
  expect(parseListen(':9469')).toEqual({ host: '::', port: 9469 });
  expect(parseListen('localhost:0')).toEqual({ host: 'localhost', port: 0 });
  for (const wrong of ['', '9469', '127.0.0.1', '::1:80', 'a:65536', 'http://a:80', 'a b:80'])
    expect(parseListen(wrong), wrong).toBe(undefined);
});

test('it answers how the process is, with what it has found', async () => {
  let [ailing, unready]: (string | undefined)[] = [undefined, 'the first look has not ended'];
  endpoints = await serveEndpoints(here, { ...sound, ailing: () => ailing, unready: () => unready });
  const { url } = endpoints;
  const get = async (path: string, method = 'GET') => {
    const response = await fetch(`${url}${path}`, { method });
    return [response.status, await response.text(), response.headers.get('content-type')];
  };
  const words = 'text/plain; charset=utf-8';
  expect(await get('/healthz')).toEqual([200, 'ok\n', words]);
  expect(await get('/readyz')).toEqual([503, 'the first look has not ended\n', words]);
  unready = undefined;
  expect(await get('/readyz?x=1')).toEqual([200, 'ok\n', words]);
  ailing = 'stuck';
  expect(await get('/healthz')).toEqual([503, 'stuck\n', words]);
  expect(await get('/readyz')).toEqual([503, 'stuck\n', words]);
  expect(await get('/metrics')).toEqual([200, 'a_metric 1\n', expect.stringContaining('version=0.0.4')]);
  expect(await get('/metrics', 'HEAD')).toEqual([200, '', expect.stringContaining('version=0.0.4')]);
  expect((await get('/metrics', 'POST'))[0]).toBe(405);
  expect((await get('/'))[0]).toBe(404);
  expect((await get('//evil/metrics'))[0]).toBe(404);
});

test('what is no request ends that connection alone', async () => {
  endpoints = await serveEndpoints(here, sound);
  const socket = connect(Number(new URL(endpoints.url).port), '127.0.0.1');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined);
  socket.resume();
  socket.end('GET http://[ HTTP/1.1\r\nhost: x\r\n\r\n');
  await closed;
  expect((await fetch(`${endpoints.url}/healthz`)).status).toBe(200);
});

test('whoever asks nothing, or takes no answer, is left, and keeps nobody waiting', async () => {
  const much = { ...sound, metrics: () => 'a_metric 1\n'.repeat(3_000_000) };
  endpoints = await serveEndpoints(here, much, 200);
  const port = Number(new URL(endpoints.url).port);
  const left = ['', 'GET /heal', 'GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n'].map(
    (text) =>
      new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(text));
        socket.on('error', () => undefined);
        // One that doesn't read learns of the end only by what it sends.
        const sending = text.length > 10 ? setInterval(() => socket.write('G'), 5_000) : undefined;
        socket.once('close', () => resolve(clearInterval(sending)));
        if (sending === undefined) socket.resume();
        else socket.pause();
      }),
  );
  await Promise.all(left);
  expect((await fetch(`${endpoints.url}/healthz`)).status).toBe(200);
}, 20_000);

test('an address that is taken is told', async () => {
  endpoints = await serveEndpoints(here, sound);
  const port = Number(new URL(endpoints.url).port);
  await expect(serveEndpoints({ host: '127.0.0.1', port }, sound)).rejects.toMatchObject({
    code: 'listen-failed',
    message: `can't listen on 127.0.0.1:${port}: another program listens there`,
  });
});
