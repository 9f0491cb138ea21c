import { beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, hostOf, startCluster, statuses } from './cluster.ts';
import { installSoftware, softwares } from './door/list.ts';
import { operatorsText, type ProxySoftware } from './door/software.ts';
import { noLab, useLab } from './lab.ts';
import type { Manifest } from './manifest.ts';

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
