import { request } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caddyLogLines } from '../../../src/steps/hardening/caddy-lines.ts';
import { eventually } from '../../lab/fetch.ts';
import { withoutCaddy } from '../../support/caddy-oracle.ts';
import { withoutHaproxy } from '../../support/haproxy-oracle.ts';
import { withoutNginx } from '../../support/nginx-oracle.ts';
import { runs } from '../../support/random.ts';
import { rawRequest } from '../../support/raw-request.ts';
import { freePorts, globalOptions, startCaddy } from '../../support/running-caddy.ts';
import { type Door, haproxyDoor, hostname, nginxDoor, nginxText } from './doors.ts';

const hardening = { items: ['masked_logs'], cluster: 'a-b.c_d' };
const token = 'q1w2e3r4t5y6';

const programs = [
  { name: 'nginx', without: withoutNginx, open: nginxDoor },
  { name: 'haproxy', without: withoutHaproxy, open: haproxyDoor },
] as const;

describe.each(programs)('the log of a real $name', ({ name, without, open }) => {
  let door: Door;
  beforeAll(async () => {
    if (without === undefined)
      door = await open({ ...hardening, cluster: name === 'haproxy' ? 'prod' : 'a-b.c_d' });
  });
  afterAll(() => door?.stop());
  const skip = without !== undefined;
  let count = 0;
  /** The lines of the log up to that of a request of our own. */
  const linesFor = async (target: string, referer = '') => {
    const before = (await door.logged()).length;
    const headers = referer === '' ? [] : [`Referer: ${referer}`];
    await rawRequest(door.secure, target, { host: hostname, headers });
    const mark = `/mark-${++count}`;
    await rawRequest(door.secure, mark, { host: hostname });
    return await eventually(async () => {
      const since = (await door.logged()).slice(before);
      if (!since.includes(mark)) throw new Error(`${mark} was not logged`);
      return since;
    });
  };

  it.skipIf(skip)('has requests, and no session tokens', async () => {
    for (const [target, logged] of [
      [`/bbb-01/x?sessionToken=${token}`, '/bbb-01/x?sessionToken=*** HTTP/1.1'],
      [`/bbb-01/x?a=b&sessionToken=${token}&c=d`, '/bbb-01/x?a=b&sessionToken=***&c=d HTTP/1.1'],
      [`/bbb-01/x?SESSIONTOKEN=${token}`, '=*** HTTP/1.1'],
      [`/bbb-01/x?to=%2Fy%3FsessionToken%3D${token}`, '%3D***'],
      [`/bbb-01/x?to=%252Fy%253FsessionToken%253D${token}`, '%253D***'],
      ['/bbb-01/x?a=b', '/bbb-01/x?a=b HTTP/1.1'],
      ['/bbb-01/x', '/bbb-01/x HTTP/1.1'],
    ] as const) {
      const lines = await linesFor(target);
      expect(lines).toContain(logged);
      expect(lines).not.toContain(token);
    }
  });

  it.skipIf(skip)('has none of referers and of several in one request either', async () => {
    const lines = [
      await linesFor('/bbb-01/x', `https://${hostname}/bbb-01/?sessionToken=${token}&x=y`),
      await linesFor(`/bbb-01/x?sessionToken=${token}&sessionToken=${token}2&z=1`),
      await linesFor(`/elsewhere?sessionToken=${token}`),
    ].join('');
    expect(lines).not.toContain(token);
  });

  it.skipIf(skip)('has none whatever is around them', async () => {
    const word = fc.stringMatching(/^[A-Za-z0-9%._~=&?/-]{0,12}$/).map((text) => text.replace(/%/g, '%25'));
    await fc.assert(
      fc.asyncProperty(word, word, async (before, behind) => {
        const lines = await linesFor(`/bbb-01/x?${before}sessionToken=${token}&${behind}`);
        expect(lines).not.toContain(token);
      }),
      runs(30),
    );
  });
});

describe('the log of a real caddy', () => {
  it.skipIf(withoutCaddy !== undefined)('has no tokens where a node does not answer', async () => {
    const [dead = 0] = await freePorts(1);
    const caddy = await startCaddy((place) => ({
      Caddyfile: `${globalOptions(place, caddyLogLines.join('\n'))}http://${hostname} {\n\treverse_proxy 127.0.0.1:${dead}\n}\n`,
    }));
    try {
      for (const word of ['sessionToken=', 'SESSIONTOKEN=', 'to=%3FsessionToken%3D', 'sessionToken%253D']) {
        const { status } = await askPlainly(caddy.http, `/x?${word}${token}&a=b`, {
          Host: hostname,
          Referer: `https://${hostname}/?${word}${token}`,
        });
        expect(status).toBe(502);
      }
      await eventually(async () => expect(caddy.said().split('"status":502')).toHaveLength(5));
      expect(caddy.said()).toContain('sessionToken=***&a=b');
      expect(caddy.said()).not.toContain(token);
    } finally {
      await caddy.stop();
    }
  });
});

function askPlainly(port: number, path: string, headers: Readonly<Record<string, string>>) {
  return new Promise<{ readonly status: number | undefined }>((resolve, reject) => {
    const asked = request({ agent: false, host: '127.0.0.1', port, path, headers }, (response) => {
      response.resume().on('end', () => resolve({ status: response.statusCode }));
    });
    asked.on('error', reject).end();
  });
}

describe('masked_logs of nginx', () => {
  const main = (lines: string) => `events {}\nhttp {\n${lines}\ninclude /etc/nginx/conf.d/*.conf;\n}\n`;
  const text = (lines: string) => nginxText({ items: ['masked_logs'], cluster: 'prod' }, main(lines));
  const refused = (lines: string) => {
    try {
      return text(lines);
    } catch (error) {
      return (error as { problem: unknown }).problem;
    }
  };

  it('logs to where the operator does, in the same format', () => {
    const own = text(
      `log_format main escape=json '{"r":"$request",' '"a":"$\{args}","u":"$uri","t":"$arg_sessionToken"}';\naccess_log /srv/log main buffer=4k;\naccess_log syslog:server=unix:/log combined;`,
    );
    expect(own).toContain(
      `log_format clusterproxy_prod_1 escape=json '{"r":"$\{clusterproxy_prod_request}","a":"$\{clusterproxy_prod_args}","u":"$uri","t":"***"}';`,
    );
    expect(own.match(/^ {4}access_log .*$/gm)).toEqual([
      ...[
        '    access_log /srv/log clusterproxy_prod_1 buffer=4k;',
        '    access_log syslog:server=unix:/log clusterproxy_prod_2;',
      ],
      ...[
        '    access_log /srv/log clusterproxy_prod_1 buffer=4k;',
        '    access_log syslog:server=unix:/log clusterproxy_prod_2;',
      ],
    ]);
  });

  it('logs nothing where the operator logs nothing', () => {
    expect(text('access_log off;')).not.toMatch(/log/);
  });

  it('refuses a format that it can not read', () => {
    expect(refused('access_log /srv/log strange;')).toMatchObject({
      code: 'hardening-impossible',
      message: expect.stringContaining('the format strange'),
    });
  });
});
