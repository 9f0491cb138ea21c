import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/package-root.ts';
import { withoutCaddy } from '../../support/caddy-oracle.ts';
import { selfSigned } from '../../support/certificates.ts';
import { guardProgram } from '../../support/guard-program.ts';
import { globalOptions, type RunningCaddy, startCaddy } from '../../support/running-caddy.ts';
import {
  askTls,
  nextOf,
  nodeParameters,
  nodesFile,
  openStream,
  type ServedNode,
  serveNode,
} from './served-nodes.ts';

const library = readFileSync(join(packageRoot(), 'src/host/remote/library.sh'), 'utf8');
const US = '\u001f';
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'caddy-streams-'));
  unit(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What systemd says of caddy.service, by systemctl's status. */
function unit(status: number): void {
  const text = `#!/bin/sh\ntest "$*" = "is-active --quiet caddy.service" && exit ${status}\nexit 1\n`;
  writeFileSync(join(folder, 'systemctl'), text);
  chmodSync(join(folder, 'systemctl'), 0o755);
}

async function guard(...args: string[]): Promise<{ status: number | null; output: string }> {
  const text = `${library}\n${guardProgram('caddy-streams.sh')}`;
  const child = spawn('sh', ['-c', text, 'guard', ...args], {
    env: { PATH: `${folder}:${process.env.PATH}`, CLUSTERPROXY_ROOT: folder, HOME: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    output += part;
  });
  const [status] = await once(child, 'close');
  return { status, output };
}

describe.skipIf(withoutCaddy)(
  `who would be cut off by a reload of Caddy${withoutCaddy ? `: ${withoutCaddy}` : ''}`,
  () => {
    let node: ServedNode;
    let caddy: RunningCaddy;
    const ask = () => guard(`http://127.0.0.1:${caddy.admin}`);
    beforeAll(async () => {
      node = await serveNode('bbb-01');
      const pair = selfSigned('proxy.example.com');
      caddy = await startCaddy((place) => ({
        Caddyfile: `${globalOptions(place)}proxy.example.com {\n\ttls ${place.folder}/p.pem ${place.folder}/p.key\n\timport nodes.caddy\n}\n`,
        'p.pem': pair.certificate,
        'p.key': pair.key,
        'nodes.caddy': nodesFile({ nodes: [nodeParameters(node, false)] }),
      }));
    });
    afterAll(async () => {
      await caddy?.stop();
      await node.stop();
    });

    it('nobody, where there is nobody', async () => {
      expect(await ask()).toEqual({ status: 0, output: '' });
      await askTls(caddy.https, '/bbb-01/html5client/');
      expect(await ask()).toEqual({ status: 0, output: '' });
    });

    it('who has a WebSocket, which this version’s reload does cut off', async () => {
      const streams = [
        await openStream(caddy.https, '/bbb-01/html5client/1'),
        await openStream(caddy.https, '/bbb-01/bigbluebutton/api/2'),
      ];
      const words = `passed on to 127.0.0.1:${node.port}`;
      expect(await ask()).toEqual({ status: 1, output: `2${US}${US}${US}${words}\n` });
      const [stream] = streams;
      stream?.write('hello');
      if (stream !== undefined) expect(await nextOf(stream)).toBe('bbb-01:hello');
      const closed = Promise.all(streams.map((one) => once(one, 'close')));
      for (const one of streams) one.resume();
      await caddy.reload();
      await closed;
      expect(await ask()).toEqual({ status: 0, output: '' });
    });

    it('by the address that the Caddyfile names', async () => {
      expect(await guard('', `${caddy.folder}/Caddyfile`)).toEqual({ status: 0, output: '' });
    });

    it('by a socket too', async () => {
      const node = await serveNode('bbb-01');
      const pair = selfSigned('proxy.example.com');
      const caddy = await startCaddy((place) => ({
        Caddyfile: `${globalOptions(place).replace(/admin .*/, `admin unix/${place.folder}/a.sock`)}proxy.example.com {\n\ttls ${place.folder}/p.pem ${place.folder}/p.key\n\timport nodes.caddy\n}\n`,
        'p.pem': pair.certificate,
        'p.key': pair.key,
        'nodes.caddy': nodesFile({ nodes: [nodeParameters(node, false)] }),
      }));
      const stream = await openStream(caddy.https, '/bbb-01/html5client/1');
      try {
        const words = `passed on to 127.0.0.1:${node.port}`;
        const output = `1${US}${US}${US}${words}\n`;
        expect(await guard('', `${caddy.folder}/Caddyfile`)).toEqual({ status: 1, output });
      } finally {
        stream.destroy();
        await caddy.stop();
        await node.stop();
      }
    });

    it.each([
      ['off', /Caddyfile has "admin off": without its admin API, Caddy can't be reloaded\n$/],
      ['{env.SOMETHING}', /isn't known: .*Caddyfile has \{env.SOMETHING\} for it\n$/],
      ['127.0.0.1:1', /gives no answer at http:\/\/127.0.0.1:1\n$/],
      [':1', /gives no answer at http:\/\/localhost:1\n$/],
      ['tcp/0.0.0.0:1', /gives no answer at http:\/\/127.0.0.1:1\n$/],
      ['[::]:1', /gives no answer at http:\/\/\[::1\]:1\n$/],
      ['unix//nowhere', /gives no answer at \/nowhere\n$/],
      ['unixgram//nowhere', /can't be asked at unixgram\/\/nowhere/],
    ])('is not known, where the Caddyfile has admin %s', async (address, why) => {
      const file = join(folder, 'Caddyfile');
      writeFileSync(file, `# Mine.\n{\n\temail a@example.com\n\tadmin ${address}\n}\n:80 {\n}\n`);
      const { status, output } = await guard('', file);
      expect(output).toMatch(why);
      expect(status).toBe(2);
    });

    it('nobody who asks again and again, but never for long', async () => {
      let isAsking = true;
      const asking = (async () => {
        while (isAsking) {
          await askTls(caddy.https, '/bbb-01/html5client/x');
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      })();
      expect(await ask()).toEqual({ status: 0, output: '' });
      isAsking = false;
      await asking;
    });
  },
);

describe('who would be cut off, where Caddy says something else', () => {
  const answered = async (answers: Readonly<Record<string, string>>) => {
    const server = createServer((request, response) => {
      const text = answers[request.url ?? ''];
      response.writeHead(text === undefined ? 404 : 200).end(text);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      return await guard(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.close();
    }
  };
  const upstreams = '/reverse_proxy/upstreams';
  const handler = (addresses: readonly string[], more: object = {}) => ({
    ...{ handler: 'reverse_proxy', headers: { request: { set: { 'X-"{[': ['\\\\', '"}'] } } } },
    ...{ ...more, upstreams: addresses.map((dial) => ({ dial })) },
  });
  const config = (...handle: readonly object[]) =>
    JSON.stringify({ apps: { http: { servers: { srv0: { routes: [{ handle }] } } } } });
  const some = config(handler(['[::1]:443', 'b:1']), handler(['c:1']));
  const delay = { stream_close_delay: 86400000000000 };
  const passed = (...addresses: readonly string[]) =>
    JSON.stringify(addresses.map((address) => ({ address, num_requests: 2, fails: 0 })));

  it('nobody, where the configuration that runs keeps streams (2.7)', async () => {
    const kept = config(handler(['a:1'], delay), handler(['b:1'], delay));
    expect(await answered({ '/config/': kept, [upstreams]: passed('a:1', 'b:1') })).toEqual({
      status: 0,
      output: '',
    });
  });

  it.each([
    ['another rule', handler(['b:1']), 'b:1'],
    ['another rule for the same server', handler(['b:1', 'a:1']), 'a:1', 'b:1'],
    ['a rule that keeps them for no time', handler(['b:1'], { stream_close_delay: 0 }), 'b:1'],
    ['a rule within a rule', { handler: 'subroute', routes: [{ handle: [handler(['b:1'])] }] }, 'b:1'],
    ['servers that come from elsewhere', handler([], { dynamic_upstreams: { name: 'x' } }), 'a:1', 'b:1'],
    ['a server that a request names', handler(['{http.request.host}:1']), 'a:1', 'b:1'],
  ])('those of %s, which does not keep them', async (_, other, ...addresses) => {
    const texts = { '/config/': config(handler(['a:1'], delay), other), [upstreams]: passed('a:1', 'b:1') };
    expect(await answered(texts)).toEqual({
      status: 1,
      output: addresses.map((one) => `2${US}${US}${US}passed on to ${one}\n`).join(''),
    });
  });

  it('some of several servers, in the form of other versions too', async () => {
    const text =
      '[\n {"address": "[::1]:443", "healthy": true, "num_requests": 1, "fails": 0},{"address":"b:1","num_requests":0,"fails":7},{"address":"c:1","num_requests":12,"fails":0}]';
    expect(await answered({ '/config/': some, [upstreams]: text })).toEqual({
      status: 1,
      output: `1${US}${US}${US}passed on to [::1]:443\n12${US}${US}${US}passed on to c:1\n`,
    });
  });

  it.each([['[]'], ['null\n']])('nobody, where nothing is passed on at all: %j', async (text) => {
    expect(await answered({ '/config/': some, [upstreams]: text })).toEqual({ status: 0, output: '' });
  });

  it.each([
    [{}, /^the admin API of Caddy gives no answer at http:/],
    [{ '/config/': some.slice(0, -1) }, /does not say which configuration runs\n$/],
    [{ '/config/': some }, /^the admin API of Caddy does not say what is passed on\n$/],
    [{ '/config/': some, [upstreams]: '[{"address":"a:1"}]' }, /does not say/],
    [{ '/config/': some, [upstreams]: 'hello' }, /does not say/],
  ])('is not known: %j', async (answers, why) => {
    const { status, output } = await answered(answers);
    expect(status).toBe(2);
    expect(output).toMatch(why);
  });

  it.each([
    [3, 0, ''],
    [4, 0, ''],
    [1, 2, 'systemd does not say whether Caddy runs\n'],
  ])('where systemctl has the status %i', async (known, status, output) => {
    unit(known);
    try {
      expect(await guard('http://127.0.0.1:1')).toEqual({ status, output });
    } finally {
      unit(0);
    }
  });
});
