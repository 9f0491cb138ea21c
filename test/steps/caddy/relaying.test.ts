import { once } from 'node:events';
import { get } from 'node:http';
import { connect } from 'node:http2';
import { connect as connectSecurely } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withoutCaddy } from '../../support/caddy-oracle.ts';
import { selfSigned } from '../../support/certificates.ts';
import { runStep } from '../../support/run-step.ts';
import {
  type CaddyPlace,
  globalOptions,
  type RunningCaddy,
  startCaddy,
} from '../../support/running-caddy.ts';
import {
  type Ask,
  askTls,
  nextOf,
  nodeParameters,
  nodesFile,
  openStream,
  type ServedNode,
  serveNode,
} from './served-nodes.ts';

const skipped = withoutCaddy === undefined ? '' : `: ${withoutCaddy}`;

/** The first line that comes to somebody who sends a body part by part, until there is an answer. */
async function answerWhileSending(port: number, size: number): Promise<string> {
  const socket = connectSecurely({
    ...{ host: '127.0.0.1', port, servername: 'proxy.example.com', rejectUnauthorized: false },
  });
  let received = '';
  socket.on('data', (data: Buffer) => {
    received += data.toString();
  });
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'secureConnect');
  socket.write(
    `POST /bbb-01/html5client/large HTTP/1.1\r\nHost: proxy.example.com\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n`,
  );
  for (let sent = 0; sent < size && received === '' && !socket.destroyed; sent += 65_536) {
    await new Promise((resolve) => socket.write(Buffer.alloc(65_536), resolve));
  }
  await closed;
  return received.split('\r\n')[0] ?? '';
}

/** Our own site in a place of a test, with the nodes of two clusters that have a node of the same name. */
function ownSite({ folder }: CaddyPlace): string {
  const path = `${folder}/site.caddy`;
  const { text } = runStep(
    'caddy-server',
    {
      ...{ path, hostname: 'proxy.example.com', import: `${folder}/nodes/*.caddy` },
      ...{ caddyfile: `${folder}/Caddyfile`, acme_root: `${folder}/acme` },
      ...{ certificate: `${folder}/proxy.pem`, certificate_key: `${folder}/proxy.key` },
    },
    { files: { [`${folder}/Caddyfile`]: '' } },
  );
  return text(path) ?? '';
}

describe.skipIf(withoutCaddy)(`a real Caddy with our own site${skipped}`, () => {
  let nodes: readonly ServedNode[] = [];
  let caddy: RunningCaddy;
  const ask = (path: string, more?: Ask) => askTls(caddy.https, path, more);
  const last = (node: number) => nodes[node]?.asked.at(-1);

  beforeAll(async () => {
    nodes = await Promise.all([
      serveNode('bbb-01'),
      serveNode('bbb-02'),
      serveNode('bbb-03', 'other.example.com'),
      serveNode('bbb-04'),
      serveNode('bbb-05'),
    ]);
    const [, , , stranger, unverified] = nodes;
    const pair = selfSigned('proxy.example.com');
    caddy = await startCaddy((place) => {
      const trusted = `${place.folder}/roots.pem`;
      const answers = [
        [
          { kind: 'command', args: ['test', '-r', trusted] },
          { status: 0, output: '' },
        ],
      ] as const;
      const given = nodes.map((one) => nodeParameters(one, one !== unverified));
      return {
        Caddyfile: `${globalOptions(place)}import ${place.folder}/site.caddy\n`,
        'site.caddy': ownSite(place),
        'proxy.pem': pair.certificate,
        'proxy.key': pair.key,
        'acme/.well-known/acme-challenge/token': 'challenge',
        'roots.pem': nodes
          .filter((one) => one !== stranger)
          .map(({ root }) => root)
          .join(''),
        // Another cluster of the same proxy, with a node of the same name.
        'nodes/others.caddy': nodesFile({ cluster: 'test', nodes: given.slice(0, 1) }),
        'nodes/nodes.caddy': nodesFile({ nodes: given, trusted_certificate: trusted }, { answers }),
      };
    });
  });
  afterAll(async () => {
    await caddy?.stop();
    await Promise.all(nodes.map((one) => one.stop()));
  });

  it('asks the node by its own name, by HTTP/1.1, and says nothing of whom it asks for', async () => {
    const reply = await ask('/bbb-01/html5client/a?b=c', {
      headers: { 'X-Forwarded-For': '203.0.113.9', Via: '1.1 x' },
    });
    expect(reply).toMatchObject({ status: 200, body: 'bbb-01' });
    expect(last(0)).toMatchObject({
      url: '/bbb-01/html5client/a?b=c',
      httpVersion: '1.1',
      serverName: 'bbb-01.example.com',
    });
    expect(last(0)?.headers).toMatchObject({ host: 'bbb-01.example.com' });
    expect(Object.keys(last(0)?.headers ?? {}).filter((name) => /^(?:x-|via$)/.test(name))).toEqual([]);
  });

  it.each([
    ['/bbb-01/html5client/a%2Fb%20c;x=1?y=%2F&z;w', '/bbb-01/html5client/a%2Fb%20c;x=1?y=%2F&z;w'],
    ['/bbb-01/html5client/', '/bbb-01/html5client/'],
    ["/bbb-01/html5client/!$&'()*+,;=:@[]", "/bbb-01/html5client/!$&'()*+,;=:@[]"],
    ['/bbb-01/html5client/b..c/.d/...', '/bbb-01/html5client/b..c/.d/...'],
    ['/bbb-01/html5client/%252e%252e/x', '/bbb-01/html5client/%252e%252e/x'],
    ['/bbb-01/bigbluebutton/api', '/bigbluebutton/api'],
    ['/bbb-01/bigbluebutton/api?x', '/bigbluebutton/api?x'],
    ['/bbb-01/bigbluebutton/api/x%2Fy?z=%20', '/bigbluebutton/api/x%2Fy?z=%20'],
    ['/bbb-01/bigbluebutton/apix', '/bigbluebutton/apix'],
  ])('passes %s on as %s', async (path, target) => {
    expect((await ask(path)).status).toBe(200);
    expect(last(0)?.url).toBe(target);
  });

  it.each([
    ['/bbb-01/html5client', '/bbb-01/html5client/'],
    ['/bbb-02/html5client?a=b&c=%2F', '/bbb-02/html5client/?a=b&c=%2F'],
  ])('answers %s with a redirect to %s', async (path, location) => {
    expect(await ask(path)).toMatchObject({ status: 301, headers: { location } });
  });

  it.each([
    ['/', 404],
    ['/bbb-01/', 404],
    ['/BBB-01/html5client/', 404],
    ['/bbb-01/HTML5client/', 404],
    ['/bbb-01/html5clientx', 404],
    ['/bbb-01/bigbluebutton/ap', 404],
    ['/%62bb-01/html5client/', 404],
    ['/bbb-01/html5client/../x', 400],
    ['/bbb-01/html5client/%2e%2e/html5client/x', 400],
    ['/bbb-01/html5client/%2E%2E/%2e./bigbluebutton/api', 400],
    ['/bbb-01/html5client/a/..%2fb', 400],
    ['/bbb-01/html5client/a/..;/b', 400],
    ['/bbb-01/html5client/a/..;x=1/b', 400],
    ['/bbb-01/html5client/a/./b', 400],
    ['/bbb-01/html5client/a/..', 400],
    ['/bbb-01/html5client//b', 400],
    ['/bbb-01/bigbluebutton/api/../../bigbluebutton/api/x', 400],
    ['/bbb-01/bigbluebutton/api/..', 400],
    ['/x/../bbb-01/html5client/', 400],
    ['//bbb-01/html5client/', 400],
  ])('passes nothing on for %s', async (path, status) => {
    const before = nodes.map(({ asked }) => asked.length);
    expect((await ask(path)).status).toBe(status);
    expect(nodes.map(({ asked }) => asked.length)).toEqual(before);
  });

  it('keeps the nodes apart', async () => {
    expect((await ask('/bbb-02/html5client/')).body).toBe('bbb-02');
    expect(last(1)?.serverName).toBe('bbb-02.example.com');
  });

  it('turns a node’s redirects to itself into its own paths', async () => {
    const to = async (url: string) =>
      (await ask(`/bbb-01/bigbluebutton/api/x?redirect=${encodeURIComponent(url)}`)).headers.location;
    const own = `https://bbb-01.example.com:${nodes[0]?.port}`;
    expect(await to(`${own}/bigbluebutton/api/y?z`)).toBe('/bbb-01/bigbluebutton/api/y?z');
    expect(await to('https://elsewhere.example.com/bigbluebutton/api/y')).toBe(
      'https://elsewhere.example.com/bigbluebutton/api/y',
    );
    expect(await to(`${own}/playback/x`)).toBe(`${own}/playback/x`);
    expect(await to('/bigbluebutton/y')).toBe('/bigbluebutton/y');
  });

  it('takes bodies of up to a MiB', async () => {
    const send = (size: number, headers: Record<string, string>) =>
      ask('/bbb-01/bigbluebutton/api/x', { method: 'POST', body: Buffer.alloc(size), headers });
    const pieces = { 'Transfer-Encoding': 'chunked' };
    expect((await send(1_048_576, {})).status).toBe(200);
    expect(last(0)?.size).toBe(1_048_576);
    expect((await send(1_048_577, { 'Content-Length': '1048577' })).status).toBe(413);
    expect((await send(1_048_576, pieces)).status).toBe(200);
    const sum = nodes[0]?.asked.length ?? 0;
    const { status } = await send(1_048_577, pieces);
    expect(status).toBe(413);
    expect(nodes[0]?.asked.slice(sum).every(({ size }) => size <= 1_048_576)).toBe(true);
  });

  it('lets its answer to a large body arrive, while the body is on its way', async () => {
    const answers = Array.from({ length: 12 }, () => answerWhileSending(caddy.https, 4_000_000));
    expect([...new Set(await Promise.all(answers))]).toEqual(['HTTP/1.1 413 Request Entity Too Large']);
    expect(nodes[0]?.asked.filter(({ url }) => url.endsWith('/large'))).toEqual([]);
  });

  it('does the same for those who speak HTTP/2', async () => {
    const session = connect(`https://127.0.0.1:${caddy.https}`, {
      servername: 'proxy.example.com',
      rejectUnauthorized: false,
    });
    const status = async (headers: Readonly<Record<string, string>>, size?: number) => {
      const stream = session.request(
        { ':authority': 'proxy.example.com', ...headers },
        { endStream: size === undefined },
      );
      stream.on('error', () => undefined);
      if (size !== undefined) stream.end(Buffer.alloc(size));
      const [response] = await once(stream, 'response');
      stream.resume();
      return response[':status'];
    };
    const api = { ':path': '/bbb-01/bigbluebutton/api/x', ':method': 'POST' };
    expect(await status({ ':path': '/bbb-01/html5client/%2e%2e/x' })).toBe(400);
    expect(await status({ ':path': '/bbb-01/html5client/h2' })).toBe(200);
    expect(last(0)).toMatchObject({ url: '/bbb-01/html5client/h2', httpVersion: '1.1' });
    expect(await status({ ...api, 'content-length': '1048576' }, 1_048_576)).toBe(200);
    expect(await status({ ...api, 'content-length': '1048577' }, 1_048_577)).toBe(413);
    session.destroy();
  });

  it('lets a part of a file through', async () => {
    expect(await ask('/bbb-01/html5client/x', { headers: { Range: 'bytes=0-1' } })).toMatchObject({
      status: 206,
      body: 'pa',
    });
  });

  it('passes WebSockets on', async () => {
    const stream = await openStream(caddy.https, '/bbb-01/html5client/sockjs/1');
    stream.write('hello');
    expect(await nextOf(stream)).toBe('bbb-01:hello');
    stream.destroy();
    await expect(openStream(caddy.https, '/bbb-01/html5client/../x')).rejects.toThrow('400');
  });

  it('believes no certificate of another name or an unknown authority, unless it is told to', async () => {
    expect((await ask('/bbb-03/html5client/')).status).toBe(502);
    expect((await ask('/bbb-04/html5client/')).status).toBe(502);
    expect((await ask('/bbb-05/html5client/')).body).toBe('bbb-05');
    expect(nodes[2]?.asked).toEqual([]);
    expect(nodes[3]?.asked).toEqual([]);
  });

  it('gives the nodes’ pages to nobody who asks for another host', async () => {
    const before = nodes[0]?.asked.length;
    await ask('/bbb-01/html5client/', { host: 'other.example.com' });
    expect(nodes[0]?.asked).toHaveLength(before ?? 0);
  });

  it.each([
    ['/bbb-01/html5client/?a=b', 301, 'https://proxy.example.com/bbb-01/html5client/?a=b', ''],
    ['/.well-known/acme-challenge/token', 200, undefined, 'challenge'],
  ])('on port 80, answers %s with %s', async (path, status, location, body) => {
    const reply = await new Promise((resolve, reject) => {
      const headers = { Host: 'proxy.example.com' };
      get({ host: '127.0.0.1', port: caddy.http, path, headers, agent: false }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => resolve([response.statusCode, response.headers.location, text]));
      }).on('error', reject);
    });
    expect(reply).toEqual([status, location, body]);
  });

  it('answers for a node that is down with an error, and for the others as ever', async () => {
    await nodes[1]?.stop();
    const before = nodes[0]?.asked.length;
    expect((await ask('/bbb-02/html5client/')).status).toBe(502);
    expect(nodes[0]?.asked).toHaveLength(before ?? 0);
    expect((await ask('/bbb-01/html5client/')).body).toBe('bbb-01');
  });
});
