import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Query } from '../../../src/model/reads.ts';
import { agentPart } from '../../../src/run/monitoring/configuration.ts';
import { haproxyMetricsBlock } from '../../../src/steps/haproxy/block-formats.ts';
import { askMetricsPort } from '../../../src/steps/relay/metrics-port.ts';
import { eventually } from '../../lab/fetch.ts';
import { withoutCaddy } from '../../support/caddy-oracle.ts';
import { withoutHaproxy } from '../../support/haproxy-oracle.ts';
import { withoutNginx } from '../../support/nginx-oracle.ts';
import { type Outcome, runStep } from '../../support/run-step.ts';
import { startCaddy } from '../../support/running-caddy.ts';
import { freePorts, startHaproxy } from '../../support/running-haproxy.ts';
import { startNginx } from '../../support/running-nginx.ts';
import type { FakeHost } from '../../support/snapshot-from-folder.ts';
import { stockText } from '../haproxy/proxy-parameters.ts';

const port = 8405;
const nginxMain = 'events {}\nhttp {\n    include /etc/nginx/conf.d/*.conf;\n}\n';
const caddyMain = '# ours\n:8404 {\n\trespond ours\n}\n';

const doors = {
  'nginx-status': {
    program: 'nginx',
    parameters: { path: '/etc/nginx/conf.d/clusterproxy-prod-metrics.conf' },
    files: { '/etc/nginx/nginx.conf': nginxMain },
    build: ['nginx', '-V'],
    lacks: 'nginx version: nginx/1.22.1\nconfigure arguments: --with-http_ssl_module\n',
    has: 'nginx version: nginx/1.22.1\nconfigure arguments: --with-http_stub_status_module\n',
    other: {
      '/etc/nginx/nginx.conf': nginxMain,
      '/etc/nginx/conf.d/own.conf': `server {\n    listen ${port};\n}\n`,
    },
    where: '/etc/nginx/conf.d/own.conf:1',
  },
  'haproxy-metrics': {
    program: 'haproxy',
    parameters: { cluster: 'prod' },
    files: { '/etc/haproxy/haproxy.cfg': stockText },
    build: ['haproxy', '-vv'],
    lacks: 'HAProxy version 2.6.12\nBuild options :\nAvailable services : none\n',
    has: 'HAProxy version 2.6.12\nBuild options :\nAvailable services : prometheus-exporter\n',
    other: { '/etc/haproxy/haproxy.cfg': `${stockText}\nlisten stats\n    bind :${port}\n` },
    where: 'listen stats (/etc/haproxy/haproxy.cfg:13)',
  },
  'caddy-metrics': {
    program: 'caddy',
    parameters: { path: '/etc/caddy/clusterproxy/prod-metrics.caddy', cluster: 'prod' },
    files: { '/etc/caddy/Caddyfile': caddyMain },
    build: undefined,
    lacks: '',
    has: '',
    other: { '/etc/caddy/Caddyfile': `:${port} {\n\tmetrics\n}\n` },
    where: '/etc/caddy/Caddyfile:1',
  },
} as const;

type Door = keyof typeof doors;

const all = Object.keys(doors) as Door[];

function run(door: Door, more: FakeHost = {}, parameters: object = {}): Outcome {
  const host = { ...more, files: { ...doors[door].files, ...more.files } };
  return runStep(door, { ...doors[door].parameters, port, ...parameters }, host);
}

function refusal(work: () => unknown): { readonly code: string; readonly message: string } | undefined {
  try {
    work();
  } catch (error) {
    return (error as { readonly problem: { readonly code: string; readonly message: string } }).problem;
  }
  return undefined;
}

const heldBy = (program: string): FakeHost => ({
  answers: askMetricsPort(port).map((query) => [
    query,
    { status: 0, output: `LISTEN 0 511 127.0.0.1:${port} 0.0.0.0:* users:(("${program}",pid=12,fd=6))\n` },
  ]),
});

describe.each(all)('%s', (door) => {
  const { program, build, lacks, has, other, where } = doors[door];

  it('is refused where another program, or another part of the configuration, has the port', () => {
    expect(refusal(() => run(door, heldBy('grafana')))).toMatchObject({
      code: 'port-taken',
      message: expect.stringContaining('grafana listens on port 8405'),
    });
    expect(refusal(() => run(door, heldBy(program)))).toBeUndefined();
    expect(refusal(() => run(door, { files: other }))).toMatchObject({
      code: 'port-taken',
      message: expect.stringContaining(where),
    });
    expect(refusal(() => run(door, { files: other }, { port: port + 1 }))).toBeUndefined();
  });

  it.skipIf(build === undefined)('is refused where the program was built without', () => {
    const query: Query = { kind: 'command', args: [...(build ?? [])] };
    const built = (output: string): FakeHost => ({ answers: [[query, { status: 0, output }]] });
    expect(refusal(() => run(door, built(lacks)))).toMatchObject({ code: 'no-metrics' });
    expect(refusal(() => run(door, built(has)))).toBeUndefined();
  });
});

it("is refused where nginx wouldn't read the file", () => {
  const files = { '/etc/nginx/nginx.conf': 'events {}\nhttp {\n}\n' };
  expect(refusal(() => run('nginx-status', { files }))).toMatchObject({ code: 'server-not-reached' });
});

describe("HAProxy's file", () => {
  it('gets a block that can be taken out again', () => {
    const { text, managed } = run('haproxy-metrics');
    const after = text('/etc/haproxy/haproxy.cfg') ?? '';
    expect(managed).toEqual([{ path: '/etc/haproxy/haproxy.cfg', format: 'haproxy-metrics', key: ['prod'] }]);
    expect(haproxyMetricsBlock.remove(after, ['prod'])).toBe(stockText);
  });
});

describe('the option by which Caddy counts requests', () => {
  const main = '/etc/caddy/Caddyfile';
  const version = (output: string): NonNullable<FakeHost['answers']> => [
    [
      { kind: 'command', args: ['caddy', 'version'] },
      { status: 0, output },
    ],
  ];
  const options = (lines: string) => `{\n${lines}}\n${caddyMain}`;

  it.each([
    ['without options', caddyMain, '2.6.2', '{\n\tservers {\n\t\tmetrics\n\t}\n}\n'],
    ['without options', caddyMain, 'v2.10.0 h1:x=', '{\n\tmetrics\n}\n'],
    ['with others', options('\tdebug\n'), '2.6.2', '\tservers {\n\t\tmetrics\n\t}\n'],
    ['with others', options('\tdebug\n'), 'v2.10.0', '\tmetrics\n'],
  ])('is added to a Caddyfile %s', (_, text, caddy, expected) => {
    const { text: at, warnings } = run('caddy-metrics', { files: { [main]: text }, answers: version(caddy) });
    expect(warnings).toEqual([]);
    expect(at(main)).toContain(
      `# clusterproxy: begin prod metrics\n${expected}# clusterproxy: end prod metrics\n`,
    );
  });

  it.each([
    ['2.6.2', '\tservers {\n\t\tmetrics\n\t}\n'],
    ['v2.10.0', '\tmetrics {\n\t\tper_host\n\t}\n'],
  ])('is left out where %s has it: %j', (caddy, lines) => {
    const text = options(lines);
    const { text: at, warnings } = run('caddy-metrics', { files: { [main]: text }, answers: version(caddy) });
    expect(warnings).toEqual([]);
    expect(at(main)).toBe(`${text}import /etc/caddy/clusterproxy/prod-metrics.caddy\n`);
  });

  it('is asked of the operator where options of servers are there', () => {
    const text = options('\tservers :443 {\n\t\tprotocols h1 h2\n\t}\n');
    const { text: at, warnings } = run('caddy-metrics', {
      files: { [main]: text },
      answers: version('2.6.2'),
    });
    expect(warnings).toEqual([expect.stringContaining(`${main}:2: add "metrics"`)]);
    expect(at(main)).toBe(`${text}import /etc/caddy/clusterproxy/prod-metrics.caddy\n`);
  });
});

const nginxExporter = 'prometheus-nginx-exporter';
const withoutExporter = spawnSync(nginxExporter, ['--help']).error !== undefined;
if (withoutExporter)
  console.log(`${nginxExporter} is missing: what it makes of nginx is skipped (sh scripts/setup.sh --lab)`);

/** What the rules and the dashboard ask of one program. */
function metricsAsked(program: string): readonly string[] {
  const folder = join(import.meta.dirname, '../../../examples/monitoring');
  const text = ['door.yaml', 'door.json'].map((file) => readFileSync(join(folder, file), 'utf8')).join('');
  return [...new Set(text.match(new RegExp(`\\b${program}_\\w+`, 'g')) ?? [])];
}

describe('what the real programs tell', () => {
  const answerAt = async (at: number, path: string) => {
    const answer = await fetch(`http://127.0.0.1:${at}${path}`);
    return { status: answer.status, text: await answer.text() };
  };

  it.skipIf(withoutNginx)('nginx', async () => {
    const [at = 0] = await freePorts(1);
    const text = run('nginx-status', {}, { port: at }).text(doors['nginx-status'].parameters.path) ?? '';
    const nginx = await startNginx((folder) => `server { listen unix:${folder}/front; }\n${text}`);
    try {
      expect(await answerAt(at, '/stub_status')).toMatchObject({
        status: 200,
        text: expect.stringMatching(/^Active connections: \d+/),
      });
      expect((await answerAt(at, '/')).status).toBe(404);
    } finally {
      await nginx.stop();
    }
  });

  it.skipIf(withoutNginx || withoutExporter)('nginx, by its exporter as it is to be started', async () => {
    const [at = 0, translated = 0] = await freePorts(2);
    const text = run('nginx-status', {}, { port: at }).text(doors['nginx-status'].parameters.path) ?? '';
    const nginx = await startNginx((folder) => `server { listen unix:${folder}/front; }\n${text}`);
    const { comment } = agentPart(
      { port: at, path: '/stub_status', format: 'stub_status' },
      { cluster: 'prod', host: 'proxy-1', role: 'proxy' },
    );
    const words = comment.find((line) => line.startsWith(`${nginxExporter} `))?.split(' ') ?? [];
    const exporter = spawn(
      nginxExporter,
      words.slice(1).map((word) => word.replace(':9113', `:${translated}`)),
      { stdio: 'ignore' },
    );
    const ended = once(exporter, 'close');
    let stopped: Promise<void> | undefined;
    try {
      const told = async () => (await answerAt(translated, '/metrics')).text;
      await eventually(async () => expect(await told()).toMatch(/^nginx_up 1$/m));
      const asked = metricsAsked('nginx');
      expect(asked.length).toBeGreaterThan(3);
      for (const name of asked) expect(await told(), name).toContain(`\n# TYPE ${name} `);
      // It goes on answering, which the rule for a silent proxy reckons with.
      stopped = nginx.stop();
      await stopped;
      expect(await told()).toMatch(/^nginx_up 0$/m);
    } finally {
      exporter.kill();
      await ended;
      await (stopped ?? nginx.stop());
    }
  });

  it.skipIf(withoutHaproxy !== undefined)('HAProxy', async () => {
    const [at = 0] = await freePorts(1);
    const text = run('haproxy-metrics', {}, { port: at }).text('/etc/haproxy/haproxy.cfg') ?? '';
    const own = `${text.replace('    daemon\n', '')}\nbackend nodes\n    server one 127.0.0.1:9 disabled\n`;
    const haproxy = await startHaproxy(own, at);
    try {
      const told = await answerAt(at, '/metrics');
      expect(told.text).toContain('haproxy_frontend_http_requests_total{proxy="clusterproxy:metrics:prod"}');
      const asked = metricsAsked('haproxy');
      expect(asked.length).toBeGreaterThan(4);
      for (const name of asked) expect(told.text, name).toContain(`\n# TYPE ${name} `);
      expect((await answerAt(at, '/')).status).toBe(404);
    } finally {
      await haproxy.stop();
    }
  });

  it.skipIf(withoutCaddy)('Caddy, with the requests of others', async () => {
    const [at = 0, site = 0] = await freePorts(2);
    const main = `http://:${site} {\n\troute {\n\t\trespond ours\n\t}\n}\n`;
    const { text } = run('caddy-metrics', { files: { '/etc/caddy/Caddyfile': main } }, { port: at });
    const caddy = await startCaddy(({ folder, admin }) => ({
      Caddyfile: (text('/etc/caddy/Caddyfile') ?? '')
        .replace('/etc/caddy/clusterproxy', folder)
        .replace('{\n', `{\n\tadmin 127.0.0.1:${admin}\n`),
      'prod-metrics.caddy': text(doors['caddy-metrics'].parameters.path) ?? '',
    }));
    try {
      expect(await answerAt(site, '/')).toEqual({ status: 200, text: 'ours' });
      const told = await answerAt(at, '/metrics');
      expect(told.text).toMatch(/^caddy_http_requests_total\{handler="\w+",server="srv\d"\} 1$/m);
      const asked = metricsAsked('caddy');
      expect(asked.length).toBeGreaterThan(1);
      for (const name of asked) {
        // Errors are listed once there was one; the test of the whole door makes one.
        if (name !== 'caddy_http_request_errors_total') expect(told.text, name).toContain(`\n${name}{`);
      }
      expect((await answerAt(at, '/')).status).toBe(404);
    } finally {
      await caddy.stop();
    }
  });
});
