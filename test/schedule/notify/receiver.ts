import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { ReportDocument } from '../../../src/report/document/schema.ts';
import type { Notifying, Target } from '../../../src/schedule/notify/notifying.ts';
import type { Way } from '../../../src/schedule/notify/send.ts';

const closing: (() => void)[] = [];

/** Is called once the test has ended. */
export function closeAfter(close: () => void): void {
  closing.push(close);
}
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

export interface Received {
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver; `answer`: what the attempt of this number gets, undefined for none at all. */
export async function receiver(
  answer: (number: number) => number | undefined,
  also: Readonly<Record<string, string>> = {},
) {
  const all: Received[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (text: Buffer) => (body += text.toString()));
    request.on('end', () => {
      all.push({ path: request.url, headers: request.headers, body });
      const status = answer(all.length);
      if (status !== undefined) response.writeHead(status, { location: '/elsewhere', ...also }).end();
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { all, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` };
}

export const host = (name: string, status: string, paths: readonly string[] = []) => ({
  ...{ name, role: 'node', status, handlers: [], unsettled: [], warnings: [] },
  changes: paths.map((path) => ({ path })),
});
export const look = (hosts: readonly object[], checks: readonly object[] = [], run: string | null = null) =>
  ({ hosts, checks, run }) as unknown as ReportDocument;
export const wrong = { host: 'a', id: 'joins', outcome: 'failed' };

/** Targets by their keys. `attempt`: how long one may take, which is long on a busy machine; milliseconds. */
export function notifying(
  ways: Readonly<Record<string, Way>>,
  clock: { now: number },
  attempt = 20_000,
): Notifying {
  const folder = mkdtempSync(join(tmpdir(), 'clusterproxy-notify-'));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  const targets = Object.entries(ways).map(
    ([key, way]): Target => ({
      ...{ known: { key, kind: 'webhook', print: key }, name: key, severities: ['page', 'ticket', 'info'] },
      way: () => Promise.resolve(way),
    }),
  );
  return {
    ...{ cluster: 'prod', targets, isQuiet: () => false, deadMan: undefined, mostOut: () => 1, folder },
    ...{ now: () => clock.now, limits: { attempt, all: 60_000 } },
  };
}
export const webhook = (url: string, secret?: string): Way => ({
  kind: 'webhook',
  url,
  form: 'json',
  secret,
});
