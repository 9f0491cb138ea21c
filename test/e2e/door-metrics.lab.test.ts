import { spawn, spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { eventually } from '../lab/fetch.ts';
import { type Cluster, hostOf, startCluster, statuses } from './cluster.ts';
import { installSoftware, softwares } from './door/list.ts';
import { operatorsText, type ProxySoftware } from './door/software.ts';
import { noLab, useLab } from './lab.ts';
import type { Manifest } from './manifest.ts';

const blackboxExporter = 'prometheus-blackbox-exporter';
const withoutBlackbox = spawnSync(blackboxExporter, ['--version']).error !== undefined;
if (withoutBlackbox)
  console.log('blackbox_exporter is missing: what it asks is skipped (sh scripts/setup.sh --lab)');

/** What each of them tells of itself. */
const tells: Readonly<Record<string, { readonly path: string; readonly text: RegExp }>> = {
  nginx: { path: '/stub_status', text: /^Active connections: \d+/ },
  haproxy: { path: '/metrics', text: /^haproxy_server_response_time_average_seconds\{proxy="clusterproxy:/m },
  caddy: { path: '/metrics', text: /^caddy_http_requests_total\{handler=/m },
};

describe.skipIf(noLab).concurrent.each(softwares)('what $name tells of the door', (software) => {
  describe.sequential('step by step', () => tellsOfItself(software));
});

function tellsOfItself(software: ProxySoftware): void {
  const lab = useLab();
  const { path = '', text } = tells[software.name] ?? {};
  let cluster: Cluster;
  /** the disks of a cluster that has never heard of the option */
  let without: ReadonlyMap<string, Manifest>;

  const applies = async () => {
    const { code, document, stderr } = await cluster.json('apply', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code, stderr).toBe(0);
  };
  const set = async (vars: Readonly<Record<string, unknown>>) => {
    cluster.inventory.vars = { ...cluster.inventory.vars, ...vars };
    await cluster.save();
  };
  const onProxy = (url: string) => cluster.proxy.mustExec(['curl', '-s', '-f', url]);
  const fromNode = (url: string) => cluster.node(1).exec(['curl', '-s', '-m', '5', url]);

  beforeAll(async () => {
    cluster = await startCluster(lab(), {
      name: `metrics-${software.name}`,
      nodes: ['3.0'],
      prepareProxy: (host) => installSoftware(host, software),
      vars: software.vars,
      hasty: true,
    });
    await applies();
    without = cluster.manifests();
  });

  it('is for the host itself alone', async () => {
    await set({ door_metrics: true });
    await applies();
    await onProxy('http://127.0.0.1:8404/');
    expect(await onProxy(`http://127.0.0.1:8405${path}`)).toMatch(text ?? /never/);
    expect((await fromNode(`http://${cluster.proxy.address}:8404/`)).stdout).toBe(operatorsText);
    // curl's word for a connection that nobody takes.
    expect((await fromNode(`http://${cluster.proxy.address}:8405${path}`)).code).toBe(7);
    const check = await cluster.json('check');
    expect([...new Set(Object.values(statuses(check.document)))]).toEqual(['in-sync']);
  });

  it('tells a monitoring what to ask, and how', async () => {
    const agent = await cluster.run('monitoring', 'agent');
    expect(agent.code, agent.stderr).toBe(0);
    expect(agent.stdout).toContain('127.0.0.1:8405');
    const [prometheus, blackbox] = await Promise.all(
      ['prometheus', 'blackbox'].map(async (program) => {
        const { code, stdout, stderr } = await cluster.run('monitoring', program);
        expect(code, stderr).toBe(0);
        return parse(stdout);
      }),
    );
    const node = cluster.node(1).name;
    const found = prometheus.scrape_configs[0].static_configs;
    expect(found.map(({ targets }: { targets: string[] }) => targets[0])).toContain(
      `${cluster.url}/${node}/html5client/`,
    );
    for (const { labels } of found) {
      expect(labels).toMatchObject({ host: node, role: 'node' });
      expect(Object.keys(blackbox.modules)).toContain(labels.__param_module);
    }
  });

  it.skipIf(withoutBlackbox)('is answered when a real exporter asks', async () => {
    const { file } = cluster;
    // All of them are in one namespace.
    const port = 9115 + softwares.indexOf(software);
    const modules = `${file}.blackbox.yml`;
    expect((await cluster.run('monitoring', 'blackbox', '--out', modules)).code).toBe(0);
    const [program = '', ...words] = lab().wordsFor(blackboxExporter, [
      ...['--config.file', modules, '--web.listen-address', `127.0.0.1:${port}`],
    ]);
    const env = { ...process.env, SSL_CERT_FILE: lab().authority.certificate };
    const exporter = spawn(program, words, { stdio: 'ignore', env });
    try {
      const { stdout } = await cluster.run('monitoring', 'prometheus', '--json');
      const probes: readonly { targets: string[]; labels: Record<string, string> }[] =
        JSON.parse(stdout).scrape_configs[0].static_configs;
      expect(probes.length).toBeGreaterThan(0);
      const ask = async ({ targets: [url = ''], labels }: (typeof probes)[number]) => {
        const query = new URLSearchParams({ target: url, module: labels.__param_module ?? '' });
        const asked = await lab().run('curl', ['-s', `http://127.0.0.1:${port}/probe?${query}`]);
        return /^probe_success (\d)$/m.exec(asked.stdout)?.[1];
      };
      await eventually(async () => expect(await Promise.all(probes.map(ask))).toEqual(probes.map(() => '1')));
      await cluster.node(1).mustExec(['systemctl', 'stop', 'nginx.service']);
      expect(await Promise.all(probes.map(ask))).toEqual(probes.map(() => '0'));
      await cluster.node(1).mustExec(['systemctl', 'start', 'nginx.service']);
      if (software.name !== 'caddy') return;
      // Which the alert rule for Caddy goes by.
      expect(await onProxy('http://127.0.0.1:8405/metrics')).toMatch(
        /^caddy_http_request_errors_total\{handler="subroute",server="srv\d"\} [1-9]/m,
      );
    } finally {
      exporter.kill();
    }
  });

  it('takes no port of others', async () => {
    const before = cluster.manifests();
    await set({ door_metrics_port: 8404 });
    const { document } = await cluster.json('apply', '--yes');
    expect(hostOf(document, cluster.proxy.name).error).toMatchObject({
      code: 'port-taken',
      message: expect.stringContaining(software.main.path),
    });
    expect(cluster.changedSince(before)).toEqual([]);
    expect(await onProxy('http://127.0.0.1:8404/')).toBe(operatorsText);
  });

  it('moves to another port, and goes without a trace', async () => {
    await set({ door_metrics_port: 9145 });
    await applies();
    expect(await onProxy(`http://127.0.0.1:9145${path}`)).toMatch(text ?? /never/);
    await set({ door_metrics: false });
    await applies();
    expect(cluster.changedSince(without)).toEqual([]);
    expect((await cluster.proxy.exec(['curl', '-s', `http://127.0.0.1:9145${path}`])).code).toBe(7);
  });
}
