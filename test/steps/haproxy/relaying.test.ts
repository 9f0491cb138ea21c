import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chained, selfSigned } from '../../support/certificates.ts';
import { type EchoNode, startEchoNode } from '../../support/echo-node.ts';
import { withoutHaproxy } from '../../support/haproxy-oracle.ts';
import { connected, rawRequest } from '../../support/raw-request.ts';
import { runStep } from '../../support/run-step.ts';
import { freePorts, type RunningHaproxy, startHaproxy } from '../../support/running-haproxy.ts';
import { certificate, frontend, hostname, nodeNamed, packages, path, stockText } from './proxy-parameters.ts';

const hasIpv6 = Object.values(networkInterfaces()).some((some) =>
  some?.some(({ address }) => address === '::1'),
);
const chain = chained('bbb-01.example.com');

/** The status of an answer without TLS to a target as it is. */
async function plainStatus(port: number, target: string, method: string): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`${method} ${target} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`);
  let text = '';
  for await (const chunk of socket) text += chunk;
  return Number(text.split(' ')[1]);
}

describe.skipIf(withoutHaproxy !== undefined)('a real HAProxy', () => {
  const folder = mkdtempSync(join(tmpdir(), 'relaying-'));
  let node: EchoNode;
  let other: EchoNode;
  let proxy: RunningHaproxy;
  let text = '';
  let [secure, plain, challenges, operators, dead] = [0, 0, 0, 0, 0];

  beforeAll(async () => {
    node = await startEchoNode(chain.certificate + chain.intermediate, chain.key);
    const stranger = selfSigned('bbb-02.example.com');
    other = await startEchoNode(stranger.certificate, stranger.key);
    [secure = 0, plain = 0, challenges = 0, operators = 0, dead = 0] = await freePorts(5);
    const { certificate: own, key } = selfSigned(hostname);
    writeFileSync(join(folder, 'proxy.pem'), own + key);
    writeFileSync(join(folder, 'root.pem'), chain.root);
    text = configured();
    proxy = await startHaproxy(text, secure);
  });

  afterAll(async () => {
    await proxy?.stop();
    await node?.stop();
    await other?.stop();
    rmSync(folder, { recursive: true });
  });

  /** What the steps write, on ports of this machine, beside a frontend of an operator with our rules. */
  function configured(): string {
    const at = (port: number) => ({ port, address: '127.0.0.1' });
    const slashes = {
      path: '/bbb-01/slashes',
      target: `https://bbb-01.example.com:${node.port}/within/`,
    };
    const first = nodeNamed('bbb-01', at(node.port));
    const recipe = { ...first.recipe, locations: [...first.recipe.locations, slashes] };
    const nodes = [
      { ...first, recipe },
      nodeNamed('bbb-02', at(other.port)),
      nodeNamed('bbb-03', at(dead)),
      nodeNamed('bbb-04', { port: node.port, address: 'localhost' }),
    ];
    const root = join(folder, 'root.pem');
    const host = (files: Readonly<Record<string, string>>) => ({ packages, files });
    const operator = `${stockText}
frontend own
    bind 127.0.0.1:${operators} ssl crt ${join(folder, 'proxy.pem')}
    http-request set-header X-Ours yes
    use_backend pages if { path_beg / } # the operator's

backend pages
    http-request return status 200 content-type text/plain string own
`;
    const relayed = { cluster: 'prod', hostname, nodes, trusted_certificate: root };
    const blocks = runStep('haproxy-locations', relayed, host({ [path]: operator })).text(path) ?? '';
    const rules = runStep(
      'haproxy-rules',
      { cluster: 'prod', hostname, frontend: 'own' },
      host({ [path]: blocks }),
    ).text(path);
    const whole = runStep(
      'haproxy-frontend',
      { ...frontend, acme_port: challenges },
      host({ [path]: rules ?? '', [certificate]: 'there' }),
    ).text(path);
    return (whole ?? '')
      .replace(/^.*log.*\n/gm, '')
      .replace('daemon\n', '')
      .replaceAll(certificate, join(folder, 'proxy.pem'))
      .replace('*:443', `127.0.0.1:${secure}`)
      .replace(hasIpv6 ? '' : /^ *bind \[::\].*\n/gm, '')
      .replace('[::]:443', `[::1]:${secure}`)
      .replace('*:80', `127.0.0.1:${plain}`)
      .replace('[::]:80', `[::1]:${plain}`);
  }

  const ask = (target: string, more: object = {}) => rawRequest(secure, target, { host: hostname, ...more });
  const seen = async (target: string, more: object = {}) => JSON.parse((await ask(target, more)).body);

  it.each([
    ['/bbb-01/html5client/', '/bbb-01/html5client/'],
    ['/bbb-01/html5client/a%20b?x=%2F..%2F&y="q"', '/bbb-01/html5client/a%20b?x=%2F..%2F&y="q"'],
    ['/bbb-01/bigbluebutton/api', '/bigbluebutton/api'],
    [`/bbb-01/bigbluebutton/api/~a'b!$&()*,;=:@%c3%a4?`, `/bigbluebutton/api/~a'b!$&()*,;=:@%c3%a4?`],
    ['/bbb-01/bigbluebutton/api"|<>{}^`', '/bigbluebutton/api"|<>{}^`'],
    ['/bbb-01/bigbluebutton/apix/..b/.../a;v=1/c..', '/bigbluebutton/apix/..b/.../a;v=1/c..'],
    ['/bbb-01/html5client//a//b', '/bbb-01/html5client//a//b'],
  ])('passes %s on as %s', async (target, url) => {
    expect(await seen(target)).toMatchObject({
      url,
      version: '1.1',
      host: 'bbb-01.example.com',
      name: 'bbb-01.example.com',
    });
  });

  it.each([
    '/',
    '/bbb-01',
    '/bbb-01/',
    '/BBB-01/html5client/',
    '/bbb-01/HTML5client/x',
    '/bbb-01/html5clientele',
    '//bbb-01/html5client/',
    '/x/bbb-01/html5client/',
    '/bbb-01;x/html5client/',
  ])('answers 404 to %s', async (target) => {
    expect(await ask(target)).toMatchObject({ status: 404 });
  });

  it('answers 404 for other names, and takes ours in any spelling', async () => {
    const target = '/bbb-01/html5client/';
    for (const host of ['other.example.com', `x.${hostname}`, `${hostname}.x`, hostname.replace('.', 'x')]) {
      expect(await rawRequest(secure, target, { host }), host).toMatchObject({ status: 404 });
    }
    for (const host of [hostname.toUpperCase(), `${hostname}:443`, `${hostname}.`, `${hostname}.:8443`]) {
      expect(await rawRequest(secure, target, { host }), host).toMatchObject({ status: 200 });
    }
  });

  const climbs = [
    ...['/../x', '/..', '/.', '/./x', '/%2e%2e/x', '/%2E./x', '/..%2fx', '%2f..%2fx', '/..%5cx', '/..\\x'],
    ...['/..;/x', '/..;a=b/x', '/%2e%2e;/x', '/..%3bx', '/%zz/../x', '/..%zz', '/%', '/%00/../x', '/%00'],
    ...['/#/../x', '/..?x', '//../x'],
  ];
  it.each(climbs)('answers 400 to a path with %s, and no node gets it', async (climb) => {
    const before = node.requests.length;
    for (const start of ['/bbb-01/html5client', '/bbb-01/bigbluebutton/api', '/x']) {
      expect(await ask(start + climb), start).toMatchObject({ status: 400 });
      // Behind an operator's frontend as well, where it is for a node.
      const there = await rawRequest(operators, start + climb, { host: hostname });
      expect(there.status, start).not.toBe(502);
    }
    expect(node.requests.slice(before)).toEqual([]);
  });

  it('answers 400 where what follows the path becomes dots of the target', async () => {
    expect(await ask('/bbb-01/slashes../secret')).toMatchObject({ status: 400 });
    expect(await ask('/bbb-01/slashes%2e%2e/secret')).toMatchObject({ status: 400 });
    expect(await seen('/bbb-01/slashesx')).toMatchObject({ url: '/within/x' });
  });

  it('redirects to the path with its slash, keeps the query and names no host', async () => {
    const bare = await ask('/bbb-01/html5client');
    expect([bare.status, bare.headers.get('location')]).toEqual([301, '/bbb-01/html5client/']);
    const query = await ask('/bbb-01/html5client?a=1&b=%20c+/?');
    expect(query.headers.get('location')).toBe('/bbb-01/html5client/?a=1&b=%20c+/?');
    expect((await ask('/bbb-01/html5client?')).headers.get('location')).toBe('/bbb-01/html5client/');
    const other = await rawRequest(secure, '/bbb-01/html5client', { host: 'other.example.com' });
    expect(other.status).toBe(404);
  });

  it('turns a redirect of a node to itself into one to the proxy’s path, and no other', async () => {
    const own = `https://bbb-01.example.com:${node.port}`;
    const location = async (target: string, to: string) =>
      (await ask(target, { headers: [`X-Answer: 302 ${to}`] })).headers.get('location');
    const api = '/bbb-01/bigbluebutton/api';
    expect(await location(api, `${own}/bigbluebutton/api/x?y=1`)).toBe(`${api}/x?y=1`);
    expect(await location('/bbb-01/html5client/', `${own}/bbb-01/html5client/x`)).toBe(
      '/bbb-01/html5client/x',
    );
    for (const to of [
      '/bigbluebutton/api/x',
      `${own}/other`,
      'https://elsewhere.example.org/bigbluebutton/api',
    ]) {
      expect(await location(api, to)).toBe(to);
    }
  });

  it('takes an absolute target for the host that it names, and sends none to a node that names another', async () => {
    const { status } = await ask(`https://${hostname}/bbb-01/html5client/../x`);
    expect(status).toBe(400);
    const before = node.requests.length;
    for (const target of [
      'https://bbb-01.example.com/secret',
      'http://127.0.0.1/secret',
      'bbb-01.example.com:443',
      '*',
      'secret',
    ]) {
      expect((await ask(target)).status, target).toBeGreaterThanOrEqual(400);
    }
    expect(node.requests.slice(before)).toEqual([]);
    const { host, url } = await seen(`https://${hostname}/bbb-01/bigbluebutton/api/x`);
    expect(host).toBe('bbb-01.example.com');
    expect(url.replace(/^https:\/\/bbb-01\.example\.com/, '')).toBe('/bigbluebutton/api/x');
  });

  it('takes bodies up to 1 MB, and ranges', async () => {
    const target = '/bbb-01/bigbluebutton/api';
    const post = (length: number, body: string) =>
      ask(target, { method: 'POST', headers: [`Content-Length: ${length}`], body });
    expect(JSON.parse((await post(1_048_576, 'x'.repeat(1_048_576))).body)).toMatchObject({
      size: 1_048_576,
    });
    for (const length of [1_048_577, 4_294_967_297, 9_999_999_999_999]) {
      expect(await post(length, '')).toMatchObject({ status: 413 });
    }
    const part = await ask(target, { headers: ['Range: bytes=0-1', 'X-Part: yes', 'X-Answer: 206'] });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 0-1/9']);
    expect(JSON.parse(part.body)).toMatchObject({ range: 'bytes=0-1' });
  });

  it('checks a node’s certificate, and answers 50x where a node can’t be used, while others go on', async () => {
    for (const name of ['bbb-02', 'bbb-03', 'bbb-04']) {
      const { status } = await ask(`/${name}/html5client/`);
      expect([502, 503, 504], name).toContain(status);
    }
    expect(other.requests).toEqual([]);
    expect(await ask('/bbb-01/html5client/')).toMatchObject({ status: 200 });
  });

  it('keeps a WebSocket over a reload', async () => {
    const socket = await connected(secure, hostname);
    const key = 'dGhlIHNhbXBsZSBub25jZQ==';
    const head = [
      'GET /bbb-01/html5client/sockjs/websocket HTTP/1.1',
      `Host: ${hostname}`,
      ...[
        'Connection: Upgrade',
        'Upgrade: websocket',
        `Sec-WebSocket-Key: ${key}`,
        'Sec-WebSocket-Version: 13',
      ],
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 101 [\s\S]*s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/);
    await proxy.reload(text.replace('retries 1', 'retries 2'));
    expect(await ask('/bbb-01/html5client/')).toMatchObject({ status: 200 });
    socket.write('still here');
    const [echo] = (await once(socket, 'data')) as [Buffer];
    expect(echo.toString()).toBe('still here');
    socket.destroy();
  });

  it('speaks HTTP/2, and TLS from 1.2 on', async () => {
    const client = connectHttp2(`https://127.0.0.1:${secure}`, {
      servername: hostname,
      rejectUnauthorized: false,
    });
    const request = client.request({
      ':path': '/bbb-01/bigbluebutton/api/a%2Fb?c',
      ':authority': hostname,
    });
    let body = '';
    for await (const chunk of request) body += chunk;
    client.close();
    expect(JSON.parse(body)).toMatchObject({
      url: '/bigbluebutton/api/a%2Fb?c',
      host: 'bbb-01.example.com',
      version: '1.1',
    });
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await connected(secure, hostname, { minVersion: version, maxVersion: version });
      expect(socket.getProtocol()).toBe(version);
      socket.destroy();
    }
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
    await expect(connected(secure, hostname, old)).rejects.toThrow(/alert|version|protocol/i);
  });

  it('passes a WebSocket of HTTP/2 on', async () => {
    const client = connectHttp2(`https://127.0.0.1:${secure}`, {
      servername: hostname,
      rejectUnauthorized: false,
    });
    const [settings] = (await once(client, 'remoteSettings')) as [{ enableConnectProtocol?: boolean }];
    // HAProxy 2.4 and later; to others, browsers speak HTTP/1.1 for a WebSocket.
    if (settings.enableConnectProtocol === true) {
      const socket = client.request({
        ...{ ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'https', ':authority': hostname },
        ...{ ':path': '/bbb-01/bigbluebutton/api/ws', 'sec-websocket-version': '13' },
      });
      const [headers] = (await once(socket, 'response')) as [{ readonly ':status': number }];
      expect(headers[':status']).toBe(200);
      socket.write('echo');
      const [echo] = (await once(socket, 'data')) as [Buffer];
      expect(echo.toString()).toBe('echo');
      expect(node.requests.at(-1)).toBe('GET /bigbluebutton/api/ws');
      socket.close();
    }
    client.destroy();
  });

  it('redirects to https, except for challenges', async () => {
    const get = (target: string) => fetch(`http://127.0.0.1:${plain}${target}`, { redirect: 'manual' });
    const { status, headers } = await get('/bbb-01/x?y=%20');
    expect([status, headers.get('location')]).toEqual([301, `https://${hostname}/bbb-01/x?y=%20`]);
    // Nothing answers them here.
    expect((await get('/.well-known/acme-challenge/token')).status).toBe(503);
  });

  it('passes challenges on to the port of certbot, and nothing else', async () => {
    const asked: string[] = [];
    const certbot = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.end('key');
    });
    certbot.listen(challenges, '127.0.0.1');
    await once(certbot, 'listening');
    const start = '/.well-known/acme-challenge/';
    const status = (target: string, method = 'GET') => plainStatus(plain, target, method);
    try {
      expect(await status(`${start}aZ0_-`)).toBe(200);
      for (const trick of ['../../api/admin', '%2e%2e/%2e%2e/api', '..;/x', 'token%2f..%2f..%2fapi', '..']) {
        expect(await status(start + trick), trick).toBe(400);
      }
      for (const other of ['', 'token/x', 'token/', '/token', 'a%20b', 'token?x=/', 'token\\x']) {
        expect(await status(start + other), other).toBe(301);
      }
      expect(await status(`http://${hostname}${start}token`)).toBe(301);
      for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']) {
        expect(await status(`${start}token`, method), method).toBe(301);
      }
      expect(asked).toEqual([`GET ${start}aZ0_-`]);
    } finally {
      certbot.close();
    }
  });

  it('serves the nodes in an operator’s frontend before its own rules, for the cluster’s name', async () => {
    const at = (target: string, host: string) => rawRequest(operators, target, { host });
    expect(JSON.parse((await at('/bbb-01/html5client/x', hostname)).body)).toMatchObject({
      url: '/bbb-01/html5client/x',
    });
    expect((await at('/bbb-01/html5client', hostname)).headers.get('location')).toBe('/bbb-01/html5client/');
    expect((await at('/bbb-01/html5client/../x', hostname)).status).toBe(400);
    expect(await at('/bbb-01/html5client/x', 'other.example.com')).toMatchObject({ body: 'own' });
    expect(await at('/x/bbb-01/', hostname)).toMatchObject({ body: 'own' });
  });
});
