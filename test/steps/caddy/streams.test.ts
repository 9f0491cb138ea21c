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

async function guard(admin: string): Promise<{ status: number | null; output: string }> {
  const text = `${library}\n${guardProgram('caddy-streams.sh')}`;
  const child = spawn('sh', ['-c', text, 'guard', admin], {
    env: { PATH: `${folder}:${process.env.PATH}`, CLUSTERPROXY_ROOT: folder },
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

  it('nobody, where the configuration that runs keeps streams (2.7)', async () => {
    const config = '{"apps":{"http":{"handler":"reverse_proxy","stream_close_delay":86400000000000}}}';
    expect(await answered({ '/config/': config })).toEqual({ status: 0, output: '' });
  });

  it('some of several servers, in the form of other versions too', async () => {
    const text =
      '[\n {"address": "[::1]:443", "healthy": true, "num_requests": 1, "fails": 0},{"address":"b:1","num_requests":0,"fails":7},{"address":"c:1","num_requests":12,"fails":0}]';
    expect(await answered({ '/config/': '{}', [upstreams]: text })).toEqual({
      status: 1,
      output: `1${US}${US}${US}passed on to [::1]:443\n12${US}${US}${US}passed on to c:1\n`,
    });
  });

  it.each([['[]'], ['null\n']])('nobody, where nothing is passed on at all: %j', async (text) => {
    expect(await answered({ '/config/': '{}', [upstreams]: text })).toEqual({ status: 0, output: '' });
  });

  it.each([
    [{}, /^the admin API of Caddy gives no answer at http:/],
    [{ '/config/': '{}' }, /^the admin API of Caddy does not say what is passed on\n$/],
    [{ '/config/': '{}', [upstreams]: '[{"address":"a:1"}]' }, /does not say/],
    [{ '/config/': '{}', [upstreams]: 'hello' }, /does not say/],
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
