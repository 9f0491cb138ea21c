import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HttpQuestion, OutsideCheck } from '../../../src/model/outside-check.ts';
import {
  agentPart,
  blackboxPart,
  type Configuration,
  configurationText,
  prometheusPart,
} from '../../../src/run/monitoring/configuration.ts';
import { probesThroughDoor } from '../../../src/run/monitoring/probes.ts';
import { nodeBackend, sectionsOf, secureFrontend } from '../../../src/steps/haproxy/section-names.ts';

const hostname = 'bbb.example.com';
const http = (url: string, more: Partial<HttpQuestion> = {}): HttpQuestion => ({
  ...{ kind: 'http', url, headers: [], status: [200], contains: [], answers: {}, location: undefined },
  assets: false,
  ...more,
});
const check = (id: string, question: OutsideCheck['question'], during?: string): OutsideCheck => ({
  ...{ id, title: id, fix: '', question, during },
});

function checksOf(node: string): readonly OutsideCheck[] {
  const door = `https://${hostname}/${node}`;
  return [
    check('client', http(`${door}/html5client/`, { type: 'text/html' })),
    check('client-redirect', http(`${door}/html5client`, { status: [301] })),
    check(
      'api-addresses',
      http(`${door}/bigbluebutton/api`, {
        headers: ['Content-Type: application/json'],
        contains: [`https://${node}.example.com/api/rest`],
        answers: { 'access-control-allow-origin': ['', '*'], 'x-one': ['a.b', 'c'] },
      }),
    ),
    check('api', http(`https://${node}.example.com/bigbluebutton/api`)),
    check('settings', http(`${door}/api/rest`), 'meeting'),
    check('certificate', { kind: 'certificate', hostname, port: 443 }),
  ];
}

const hosts = ['bbb-01', 'bbb-02'].map((host) => ({ host, role: 'node', checks: checksOf(host) }));
const all = probesThroughDoor(hosts, { hostname, cluster: 'prod' });

describe('what is asked of the nodes through the door', () => {
  it('is what their checks ask there of the nodes themselves', () => {
    expect(all.probes.map(({ host, check, url }) => [host, check, url])).toEqual([
      ['bbb-01', 'client', 'https://bbb.example.com/bbb-01/html5client/'],
      ['bbb-01', 'api-addresses', 'https://bbb.example.com/bbb-01/bigbluebutton/api'],
      ['bbb-02', 'client', 'https://bbb.example.com/bbb-02/html5client/'],
      ['bbb-02', 'api-addresses', 'https://bbb.example.com/bbb-02/bigbluebutton/api'],
    ]);
  });

  it('shares a module where it is the same question', () => {
    const [client, first, , second] = all.probes.map(({ module }) => module);
    expect(client).toBe('clusterproxy_prod_client');
    expect(first).toMatch(/^clusterproxy_prod_api-addresses_[0-9a-f]{8}$/);
    expect(second).not.toBe(first);
    expect(Object.keys(all.modules).sort()).toEqual([client, first, second].sort());
  });

  it('asks as verify does', () => {
    const module = all.modules[all.probes[1]?.module ?? ''] as { readonly http: Record<string, unknown> };
    expect(module.http).toMatchObject({
      valid_status_codes: [200],
      headers: { 'Content-Type': 'application/json' },
      // A header that may be missing can't be asked for.
      fail_if_header_not_matches: [{ header: 'x-one', regexp: '^(a\\.b|c)$' }],
    });
    const [wanted = ''] = module.http.fail_if_body_not_matches_regexp as readonly string[];
    for (const body of [
      'x "https://bbb-01.example.com/api/rest"',
      'x "https:\\/\\/bbb-01.example.com\\/api\\/rest"',
      'https:%2F%2Fbbb-01.example.com%2Fapi%2Frest',
    ])
      expect(new RegExp(wanted).test(body), body).toBe(true);
    expect(new RegExp(wanted).test('https://bbb-01xexample.com/api/rest')).toBe(false);
  });
});

const exporter = '127.0.0.1:9115';
const parts = {
  prometheus: prometheusPart(all, { cluster: 'prod', exporter }),
  blackbox: blackboxPart(all, 'prod'),
  nginx: agentPart(
    { port: 8405, path: '/stub_status', format: 'stub_status' },
    { cluster: 'prod', host: 'proxy-1', role: 'proxy' },
  ),
  haproxy: agentPart(
    { port: 8405, path: '/metrics', format: 'prometheus', sections: sectionsOf('prod.a') },
    { cluster: 'prod', host: 'proxy-1', role: 'proxy' },
  ),
};

it("nginx's counters are asked for by an exporter, others by the agent itself", () => {
  const targets = (name: keyof typeof parts) =>
    JSON.stringify(parts[name].data).match(/"targets":\["([^"]+)"/)?.[1];
  expect(targets('nginx')).toBe('127.0.0.1:9113');
  // From 1.0 on it takes two dashes only.
  expect(parts.nginx.comment.join('\n')).toContain(' --nginx.scrape-uri=http://127.0.0.1:8405/stub_status');
  expect(targets('haproxy')).toBe('127.0.0.1:8405');
});

it('of clusters that share an HAProxy, each gets its own series', () => {
  const [marks, drops] = Object(parts.haproxy.data.scrape_configs)[0].metric_relabel_configs;
  const isDropped = (proxy: string) => {
    const mark = new RegExp(`^(?:${marks.regex})$`).test(proxy) ? marks.replacement : '';
    return new RegExp(`^(?:${drops.regex})$`).test(`${mark};${proxy}`);
  };
  const own = [
    nodeBackend('prod.a', 'bbb-01', 1),
    nodeBackend('prod.a', 'bbb-01', 2),
    secureFrontend('prod.a'),
  ];
  expect([...own, 'stats', ''].filter(isDropped)).toEqual([]);
  const others = [
    nodeBackend('prod', 'bbb-01', 1),
    secureFrontend('prod-a'),
    nodeBackend('prod.ab', 'prod.a', 1),
  ];
  expect(others.filter(isDropped)).toEqual(others);
});

it('asks by IPv4 where the name has both, since a monitoring may have no other', () => {
  for (const { http: asks } of Object.values(all.modules) as { http: object }[])
    expect(asks).toMatchObject({ preferred_ip_protocol: 'ip4' });
});

function judgedBy(program: string, args: readonly string[], part: Configuration) {
  const folder = mkdtempSync(join(tmpdir(), 'monitoring-'));
  try {
    const file = join(folder, 'part.yml');
    writeFileSync(file, configurationText(part));
    const { status, stdout, stderr } = spawnSync(program, [...args, file], { encoding: 'utf8' });
    return { status, said: stdout + stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const without = (program: string) => spawnSync(program, ['--version']).error !== undefined;

it.skipIf(without('promtool')).each(['prometheus', 'nginx', 'haproxy'] as const)(
  'Prometheus takes %s',
  (name) => {
    const { status, said } = judgedBy('promtool', ['check', 'config'], parts[name]);
    expect(status, said).toBe(0);
  },
);

const blackbox = 'prometheus-blackbox-exporter';
it.skipIf(without(blackbox))('blackbox_exporter takes its modules', () => {
  const check = ['--config.check', '--config.file'];
  const { status, said } = judgedBy(blackbox, check, parts.blackbox);
  expect(status, said).toBe(0);
});
