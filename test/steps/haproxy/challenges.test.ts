import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { withoutHaproxy } from '../../support/haproxy-oracle.ts';
import { runStep } from '../../support/run-step.ts';
import { freePorts, type RunningHaproxy, startHaproxy } from '../../support/running-haproxy.ts';

/** Balancers that pass ACME challenges on to certbot, with the real HAProxy. */
const path = '/etc/haproxy/haproxy.cfg';
const start = '/.well-known/acme-challenge/';

interface Balancer {
  readonly address: string;
  readonly acmePort: number;
}

const running: (RunningHaproxy | { stop(): unknown })[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

/** A balancer's file, of those that share one port at addresses of their own. */
function fileOf({ address, acmePort }: Balancer, port: number, all: readonly Balancer[]): string {
  const hosts = all.map((one, index) => ({ name: `lb-${index + 1}`, address: one.address }));
  const parameters = {
    global: { admin_socket: '', chroot: '', log: [] },
    error_files: '',
    frontends: [
      {
        ...{ name: 'plain', bind: [{ address, port }], redirect_to_port: 443, acme_port: acmePort },
        acme_balancers: { enabled: { value: 'keepalived', is: ['keepalived', 'external'] }, hosts },
        monitor: { path: '/clusterproxy-answers' },
      },
    ],
    backends: [{ name: 'web', servers: [{ name: 'web', address: '127.0.0.1', port: 1 }] }],
  };
  return runStep('haproxy', parameters, { files: { [path]: '' } }).text(path) ?? '';
}

async function startBalancers(...addresses: readonly string[]) {
  const [port = 0, ...acmePorts] = await freePorts(addresses.length + 1);
  const all = addresses.map((address, index) => ({ address, acmePort: acmePorts[index] ?? 0 }));
  for (const one of all) running.push(await startHaproxy(fileOf(one, port, all), port));
  return { all, port };
}

/** certbot, while it waits to be asked for one token; what it was asked for. */
async function startCertbot(port: number, token: string): Promise<readonly string[]> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.statusCode = request.url === `${start}${token}` ? 200 : 404;
    response.end(`${token}.key`);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  running.push({ stop: () => server.close() });
  return asked;
}

/** The status of the answer to a request whose target no parser has touched. */
async function statusOf(port: number, target: string, method = 'GET'): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`${method} ${target} HTTP/1.1\r\nHost: lb.example.com\r\nConnection: close\r\n\r\n`);
  let text = '';
  for await (const chunk of socket) text += chunk;
  return Number(text.split(' ')[1]);
}

const ask = async (address: string, port: number, token: string) => {
  const answer = await fetch(`http://${address}:${port}${start}${token}`, { redirect: 'manual' });
  return `${answer.status} ${answer.status === 200 ? await answer.text() : ''}`.trim();
};

describe.skipIf(withoutHaproxy !== undefined)('a balancer', () => {
  it('passes challenges on to the port of certbot, and nothing else', async () => {
    const { all, port } = await startBalancers('127.0.0.1');
    const asked = await startCertbot(all[0]?.acmePort ?? 0, 'aZ0_-');
    const status = (target: string, method?: string) => statusOf(port, target, method);
    expect(await status(`${start}aZ0_-`)).toBe(200);
    const others = [
      '',
      'token/x',
      'token/',
      '/token',
      'a%20b',
      'token?x=/',
      '../../api',
      '%2e%2e/api',
      '..',
      '..;/x',
    ];
    for (const other of others) expect(await status(start + other), other).toBe(301);
    expect(await status(`http://lb.example.com${start}token`)).toBe(301);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect(await status(`${start}token`, method), method).toBe(405);
    }
    expect(asked).toEqual([`GET ${start}aZ0_-`]);
  });

  it('says by itself that it answers', async () => {
    const { port } = await startBalancers('127.0.0.1');
    expect(await statusOf(port, '/clusterproxy-answers')).toBe(200);
    expect(await statusOf(port, '/clusterproxy-answers/x')).toBe(301);
  });

  it('answers the challenge of any balancer, whichever is asked', async () => {
    const { all, port } = await startBalancers('127.0.0.1', '127.0.0.2', '127.0.0.3');
    for (const { acmePort } of all) {
      const asked = await startCertbot(acmePort, 'token');
      for (const { address } of [...all, ...all]) {
        expect(await ask(address, port, 'token'), `${address}, of the certbot at ${acmePort}`).toBe(
          '200 token.key',
        );
      }
      expect(asked).toHaveLength(6);
      await running.pop()?.stop();
    }
  });

  it('finds the right one where several have asked for a certificate', async () => {
    const { all, port } = await startBalancers('127.0.0.1', '127.0.0.2', '127.0.0.3');
    for (const [index, { acmePort }] of all.entries()) await startCertbot(acmePort, `token-${index}`);
    // Authorities ask from several places at once (Let's Encrypt: from five).
    const questions = Array.from({ length: 20 }, () =>
      all.flatMap(({ address }) => all.map((_, index) => ({ address, token: `token-${index}` }))),
    ).flat();
    const said = await Promise.all(questions.map(({ address, token }) => ask(address, port, token)));
    expect(said).toEqual(questions.map(({ token }) => `200 ${token}.key`));
  });

  it('does not go round in circles where nobody knows the answer', async () => {
    const { all, port } = await startBalancers('127.0.0.1', '127.0.0.2');
    expect(await ask('127.0.0.1', port, 'token')).toBe('503');
    const asked = await startCertbot(all[1]?.acmePort ?? 0, 'other');
    expect(await ask('127.0.0.1', port, 'token')).toMatch(/^404|^503/);
    // Once, and as often again as it tries; in circles it would be many times that.
    expect(asked.length).toBeLessThanOrEqual(1 + 24);
  });
});
