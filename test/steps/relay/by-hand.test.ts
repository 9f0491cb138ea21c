import { spawn } from 'node:child_process';
import { accessSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Value } from '../../../src/formats/keyed-format.ts';
import { relaysByHand } from '../../../src/steps/relay/by-hand/by-hand.ts';
import { selfSigned } from '../../support/certificates.ts';

const hostname = 'bbb.example.com';

function nodeNamed(name: string, more: object = {}) {
  return {
    name,
    hostname: `${name}.example.com`,
    locations: [
      { path: `/${name}/html5client/`, target: `https://${name}.example.com/${name}/html5client/` },
      { path: `/${name}/bigbluebutton/api`, target: `https://${name}.example.com/bigbluebutton/api` },
    ],
    ...more,
  };
}

function told(software: string, nodes: readonly object[] = [nodeNamed('bbb-01'), nodeNamed('bbb-02')]) {
  const [first] = relaysByHand.byHand?.({ software, nodes } as unknown as Value, { hostname }) ?? [];
  return first ?? { title: '', text: '' };
}

describe('what a proxy that somebody else runs has to do', () => {
  it.each(['auto', 'nginx'])('is said in the words of nginx (%s)', (software) => {
    const retired = nodeNamed('bbb-03', { state: 'retired' });
    const { title, text } = told(software, [nodeNamed('bbb-01'), nodeNamed('bbb-02'), retired]);
    expect(title).toContain("(in nginx's syntax)");
    expect(text).toContain('# bbb-01\nlocation ^~ /bbb-01/html5client/ {');
    expect(text).toContain('proxy_ssl_name bbb-02.example.com;');
    expect(text).not.toMatch(/bbb-03|trusted_certificate/);
  });

  it('is said in plain words', () => {
    const { text } = told('other');
    expect(text).toContain(
      'https://bbb.example.com/bbb-02/bigbluebutton/api…  goes to  https://bbb-02.example.com/bigbluebutton/api…',
    );
    expect(text).toMatch(/WebSockets/);
  });

  it('is nothing as long as no node is known', () => {
    expect(relaysByHand.byHand?.({ software: 'apache', nodes: '' }, { hostname })).toEqual([]);
    expect(told('apache', [nodeNamed('bbb-01', { known: false })]).text).toBe('');
  });

  it('is a document of Traefik whose parts name each other', () => {
    const { http } = parse(told('traefik').text);
    expect(Object.keys(http.routers)).toEqual(['bbb-01-1', 'bbb-01-2', 'bbb-02-1', 'bbb-02-2']);
    for (const router of Object.values<{ service: string; middlewares: string[] }>(http.routers)) {
      expect(Object.keys(http.services)).toContain(router.service);
      for (const name of router.middlewares) expect(Object.keys(http.middlewares)).toContain(name);
    }
    for (const { loadBalancer } of Object.values<{ loadBalancer: { serversTransport: string } }>(
      http.services,
    ))
      expect(Object.keys(http.serversTransports)).toContain(loadBalancer.serversTransport);
    expect(http.routers['bbb-01-1'].rule).toBe(
      'Host(`bbb.example.com`) && (PathPrefix(`/bbb-01/html5client/`) || Path(`/bbb-01/html5client`))',
    );
    const { regex, replacement } = http.middlewares['bbb-01-1-slash'].redirectRegex;
    expect('https://bbb.example.com/bbb-01/html5client?a=b'.replace(new RegExp(regex), replacement)).toBe(
      'https://bbb.example.com/bbb-01/html5client/?a=b',
    );
    const path = http.middlewares['bbb-01-2-path'].replacePathRegex;
    expect('/bbb-01/bigbluebutton/api/x'.replace(new RegExp(path.regex), path.replacement)).toBe(
      '/bigbluebutton/api/x',
    );
  });
});

const apache = '/usr/sbin/apache2';

function hasApache(): boolean {
  try {
    accessSync(apache);
    return true;
  } catch {
    console.warn(`${apache} is missing: what is said to operators of Apache is not tried`);
    return false;
  }
}

describe.skipIf(!hasApache())('the directives for Apache, in a real one', () => {
  const { certificate, key } = selfSigned('localhost');
  const node = createServer({ cert: certificate, key });
  let folder: string;
  let port: number;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    node.on('request', ({ url, headers, socket }, response) => {
      const { servername } = socket as TLSSocket;
      if (url?.endsWith('/away')) {
        response.writeHead(302, { Location: `https://localhost:${nodePort}/bbb-01/html5client/there` }).end();
      } else response.end(JSON.stringify({ url, host: headers.host, servername }));
    });
    node.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve));
    const nodePort = (node.address() as AddressInfo).port;
    port = await freePort();
    folder = mkdtempSync(join(tmpdir(), 'apache-'));
    mkdirSync(join(folder, 'empty'));
    writeFileSync(join(folder, 'node.crt'), certificate);
    writeFileSync(join(folder, 'pair.pem'), certificate + key);
    const target = `https://localhost:${nodePort}`;
    const { text } = told('apache', [
      {
        ...{ name: 'bbb-01', hostname: 'localhost' },
        locations: [
          { path: '/bbb-01/html5client/', target: `${target}/bbb-01/html5client/` },
          { path: '/bbb-01/bigbluebutton/api', target: `${target}/bigbluebutton/api` },
        ],
      },
    ]);
    const modules = ['mpm_event', 'authz_core', 'ssl', 'socache_shmcb', 'alias', 'proxy', 'proxy_http'];
    writeFileSync(
      join(folder, 'apache.conf'),
      `${modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
ServerRoot ${folder}
ServerName ${hostname}
PidFile ${folder}/pid
ErrorLog ${folder}/error.log
Listen 127.0.0.1:${port} https
DocumentRoot ${folder}/empty
SSLEngine on
SSLCertificateFile ${folder}/pair.pem
${text.replace('/etc/ssl/certs/ca-certificates.crt', join(folder, 'node.crt'))}`,
    );
    const child = spawn(apache, ['-X', '-f', join(folder, 'apache.conf')], { stdio: 'pipe' });
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    stop = async () => {
      child.kill('SIGKILL');
      await ended;
    };
    while (child.exitCode === null && (await get('/').catch(() => undefined)) === undefined)
      await new Promise((resolve) => setTimeout(resolve, 20));
  });
  afterAll(async () => {
    await stop?.();
    node.close();
    node.closeAllConnections();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  /** Apache has no port 0, so one that was free a moment ago. */
  async function freePort(): Promise<number> {
    const server = createTcpServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port: free } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return free;
  }

  function get(path: string) {
    return new Promise<{ status: number; location?: string | undefined; body: string }>((resolve, reject) => {
      const options = { port, path, rejectUnauthorized: false, agent: false };
      request(options, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => {
          body += chunk.toString();
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, location: response.headers.location, body }),
        );
      })
        .on('error', reject)
        .end();
    });
  }

  const seen = async (path: string) => JSON.parse((await get(path)).body);

  it('pass requests on under the name of the node, with path and query', async () => {
    expect(await seen('/bbb-01/html5client/a%20b.js?c=d')).toMatchObject({
      url: '/bbb-01/html5client/a%20b.js?c=d',
      host: expect.stringMatching(/^localhost/),
      servername: 'localhost',
    });
    expect(await seen('/bbb-01/bigbluebutton/api/x')).toMatchObject({ url: '/bigbluebutton/api/x' });
  });

  it.each([
    '/BBB-01/html5client/',
    '/other',
    '/bbb-01/html5client/../../secret',
    '/bbb-01/html5client/..%2f..%2fsecret',
  ])('pass %s to nobody', async (path) => expect((await get(path)).status).toBe(404));

  it('lead to the path with a slash, and turn the redirects of a node', async () => {
    const bare = await get('/bbb-01/html5client?a=b');
    expect([bare.status, bare.location]).toEqual([
      301,
      expect.stringMatching(/\/bbb-01\/html5client\/\?a=b$/),
    ]);
    expect((await get('/bbb-01/html5client/away')).location).toBe(
      `https://localhost:${port}/bbb-01/html5client/there`,
    );
  });

  it('pass WebSockets on', async () => {
    const socket = connect({ port, rejectUnauthorized: false });
    const answer = new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('101') && !text.includes('echo')) socket.write('echo');
        if (text.endsWith('echo')) resolve(text);
      });
    });
    socket.write(
      `GET /bbb-01/html5client/socket HTTP/1.1\r\nHost: ${hostname}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
    );
    expect(await answer).toMatch(/^HTTP\/1\.1 101/);
    socket.destroy();
  });
});
