import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haproxyCacheBlock } from '../../../src/steps/haproxy/block-formats.ts';
import { cacheName } from '../../../src/steps/haproxy/cache.ts';
import { haproxyCheck, withoutHaproxy } from '../../support/haproxy-oracle.ts';
import { runStep } from '../../support/run-step.ts';
import { freePorts, type RunningHaproxy, startHaproxy } from '../../support/running-haproxy.ts';
import { hostname, path, stockText } from './proxy-parameters.ts';

/** A node without TLS, with the client's location and the API's. */
function nodeAt(port: number, name = 'bbb-01') {
  const at = `http://${name}.example.com:${port}`;
  return {
    ...{ name, hostname: `${name}.example.com`, given_address: '127.0.0.1', state: 'active', known: true },
    recipe: {
      verify: false,
      locations: [
        {
          path: `/${name}/html5client/`,
          target: `${at}/${name}/html5client/`,
          hashed_files: true,
        },
        { path: `/${name}/bigbluebutton/api`, target: `${at}/bigbluebutton/api` },
      ],
    },
  };
}

const answers = (version: string) =>
  [
    [
      { kind: 'command', args: ['haproxy', '-v'] } as const,
      { status: 0, output: `HAProxy version ${version}` },
    ],
  ] as const;

function written(nodes: readonly object[], { version = '2.6.12', text = stockText, cache = true } = {}) {
  const wanted = { cluster: 'prod', hostname, nodes, cache };
  return runStep('haproxy-locations', wanted, { answers: answers(version), files: { [path]: text } });
}

describe("HAProxy's copies of the client", () => {
  it('are kept only if asked for, in one cache for all nodes', () => {
    const nodes = [nodeAt(8080), nodeAt(8081, 'bbb-02')];
    const without = written(nodes, { cache: false }).text(path) ?? '';
    expect(without).not.toContain('cache');
    const { text, managed } = written(nodes, { text: without });
    const after = text(path) ?? '';
    expect(after.match(/^cache .*$/gm)).toEqual(['cache clusterproxy:prod']);
    expect(after.match(/cache-use clusterproxy:prod/g)).toHaveLength(2);
    expect(managed).toContainEqual({ path, format: 'haproxy-cache', key: ['prod'] });
    const off = haproxyCacheBlock.remove(after, ['prod']);
    expect(written(nodes, { text: off, cache: false }).text(path)).toBe(without);
  });

  it('are written as far as the version knows them', () => {
    expect(written([], { version: '2.6.12' }).text(path)).toContain('process-vary on');
    expect(written([], { version: '2.2.9' }).text(path)).not.toContain('process-vary');
  });

  it('have a name that HAProxy takes, however long that of the cluster is', () => {
    expect(cacheName('a'.repeat(19))).toBe(`clusterproxy:${'a'.repeat(19)}`);
    expect(cacheName('a'.repeat(20))).toHaveLength(29);
  });

  it.skipIf(withoutHaproxy !== undefined)('are taken by HAProxy', () => {
    const listening = `${stockText}\nfrontend own\n    bind 127.0.0.1:8404\n`;
    const text = written([nodeAt(8080)], { text: listening }).text(path) ?? '';
    expect(haproxyCheck(text.replaceAll('prod', 'a'.repeat(19)))).toBe('');
  });
});

const bundle = 'bundle.0123456789abcdef0123.js';

describe.skipIf(withoutHaproxy !== undefined)('a real HAProxy with copies', () => {
  let node: Server;
  let proxy: RunningHaproxy;
  let [front, count] = [0, 0];

  function answer(request: IncomingMessage, response: ServerResponse): void {
    count += 1;
    const url = request.url ?? '';
    const accepts = request.headers['accept-encoding']?.includes('gzip') ?? false;
    const body = Buffer.from(`${url} ${count}`);
    response.setHeader('ETag', '"one"');
    if (url.includes('cookie')) response.setHeader('Set-Cookie', 'a=b');
    if (url.includes('missing')) response.statusCode = 404;
    if (url.includes('varies')) response.setHeader('Vary', 'Accept-Encoding');
    if (accepts) response.setHeader('Content-Encoding', 'gzip');
    response.end(accepts ? gzipSync(body) : body);
  }

  beforeAll(async () => {
    node = createServer(answer).listen(0, '127.0.0.1');
    await new Promise((resolve) => node.once('listening', resolve));
    [front = 0] = await freePorts(1);
    const nodes = [nodeAt((node.address() as AddressInfo).port)];
    const text = written(nodes).text(path) ?? '';
    const own = `${text.replace('    daemon\n', '').replace(/^ *log .*\n/gm, '')}
frontend own
    bind 127.0.0.1:${front}
    default_backend clusterproxy:node:prod:bbb-01
`;
    proxy = await startHaproxy(own, front);
  });

  afterAll(async () => {
    await proxy?.stop();
    node?.close();
  });

  const ask = async (file: string, encoding = 'identity', method = 'GET') => {
    const headers = { 'Accept-Encoding': encoding };
    const got = await fetch(`http://127.0.0.1:${front}/bbb-01/${file}`, { headers, method });
    return got.text();
  };
  /** Whether the second answer is the first one's copy. */
  const isCopied = async (file: string, encoding?: string) =>
    new Set([await ask(file, encoding), await ask(file, encoding)]).size === 1;

  it('keeps files whose names have a hash, and no other', async () => {
    for (const file of [
      `html5client/${bundle}`,
      'html5client/0123456789abcdef0123456789abcdef01234567.js?meteor_js_resource=true',
      'html5client/fonts/source-sans-0123456789abcdef.woff2',
    ])
      expect(await isCopied(file), file).toBe(true);
    for (const file of [
      'html5client/',
      'html5client/bundle.js',
      'html5client/0123456789abcdef/name.js',
      'html5client/?sessionToken=0123456789abcdef.js',
      `html5client/missing/${bundle}`,
      `html5client/cookie/${bundle}`,
      `bigbluebutton/api/${bundle}`,
    ])
      expect(await isCopied(file), file).toBe(false);
  });

  it('gives nobody a file that is compressed in a way that he did not ask for', async () => {
    const file = `html5client/plainly/${bundle}`;
    expect(await isCopied(file, 'gzip')).toBe(false);
    const varied = `html5client/varies/${bundle}`;
    expect(await isCopied(varied, 'gzip')).toBe(true);
    const plain = await ask(varied);
    expect(plain).toMatch(/^\/bbb-01\/html5client\/varies\/bundle/);
    expect(plain).not.toBe(await ask(varied, 'gzip'));
  });

  it('answers no other method from them', async () => {
    const before = count;
    await ask(`html5client/${bundle}`, 'identity', 'POST');
    expect(count).toBe(before + 1);
  });
});
