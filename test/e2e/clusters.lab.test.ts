import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { fetchFrom } from '../lab/fetch.ts';
import { CERTIFICATE } from '../lab/prepare-host.ts';
import { installWebCallServer, WebSocketClient } from '../lab/wcs/install.ts';
import { Cluster, hostOf, startCluster, statuses } from './cluster.ts';
import { noLab, useLab } from './lab.ts';
import { clusterproxyJson } from './program.ts';
import { expectServed } from './served.ts';

const state = '/var/lib/clusterproxy/clusters';

describe.skipIf(noLab)('a production and a test cluster behind one proxy', () => {
  const lab = useLab();
  /** the proxy and the first node */
  let prod: Cluster;
  /** the same proxy and the second node */
  let trial: Cluster;
  let fresh: ReturnType<Cluster['manifests']>;

  beforeAll(async () => {
    const whole = await startCluster(lab(), {
      name: 'door',
      hostnames: ['trial.example.com', 'calls.example.com'],
      nodes: ['3.0', '2.6'],
      hasty: true,
    });
    const part = (name: string, number: number, hostname: string) => {
      const { proxy } = whole.inventory.hosts;
      const node = whole.inventory.hosts.node.slice(number - 1, number);
      return new Cluster(lab(), {
        name,
        proxies: whole.proxies,
        nodes: [whole.node(number)],
        versions: whole.versions.slice(number - 1, number),
        inventory: { ...whole.inventory, cluster: { name, hostname }, hosts: { proxy, node } },
        file: whole.file.replace('inventory.yaml', `${name}.yaml`),
        program: whole.program,
      });
    };
    prod = part('prod', 1, 'door.example.com');
    trial = part('trial', 2, 'trial.example.com');
    await Promise.all([prod.save(), trial.save()]);
    fresh = prod.manifests();
  });

  async function expectInSync(cluster: Cluster): Promise<void> {
    const { code, document } = await cluster.json('check');
    expect([...new Set(Object.values(statuses(document)))]).toEqual(['in-sync']);
    expect(code).toBe(0);
  }

  it('both are set up and serve, and a second apply changes nothing', async () => {
    for (const cluster of [prod, trial]) {
      const { code, document } = await cluster.json('apply', '--yes');
      expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
      expect(code).toBe(0);
    }
    await expectServed(prod, prod.node(1), '3.0');
    await expectServed(trial, trial.node(1), '2.6');
    await expectInSync(prod);
    await expectInSync(trial);
    const before = prod.manifests();
    const again = await prod.json('apply', '--yes');
    expect(again.document.summary).toMatchObject({ changes: 0, restarts: 0, reloads: 0 });
    expect(prod.changedSince(before)).toEqual([]);
    const { document } = await trial.json('status');
    expect(hostOf(document, 'door-proxy').otherClusters).toEqual(['prod']);
    expect((await trial.run('status')).stdout).toContain('also serves: prod');
    expect((await trial.run('history')).stdout).toContain('door-proxy also has runs of prod');
  });

  it('a run of one is undone, and the other goes on serving', async () => {
    const { code, document } = await trial.json('rollback', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code).toBe(0);
    await expectServed(prod, prod.node(1), '3.0');
    await expectInSync(prod);
    const page = await fetchFrom(lab(), `https://trial.example.com/door-02/html5client/join`, [
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
    ]);
    expect(page.stdout).toBe('421');
    expect((await trial.json('apply', '--yes')).code).toBe(0);
    await expectServed(trial, trial.node(1), '2.6');
  });

  it('a third one with HAProxy on other ports has its place beside them', async () => {
    const [node] = await lab().addHosts([{ name: 'calls-01', prepare: installWebCallServer }]);
    if (node === undefined) throw new Error('no host');
    await node.mustExec(['systemctl', 'start', 'webcallserver.service']);
    const folder = join(lab().directory, 'clusters', 'calls');
    await mkdir(folder, { recursive: true });
    const file = join(folder, 'inventory.yaml');
    const { ssh } = prod.inventory;
    const inventory = {
      playbook: 'wcs',
      cluster: { name: 'calls', hostname: 'calls.example.com' },
      windows: 'anytime',
      ssh,
      vars: {
        certificate: CERTIFICATE.fullchain,
        certificate_key: CERTIFICATE.privateKey,
        redirect_http: false,
        https_port: 8443,
        cpu: 0,
      },
      hosts: {
        balancer: [{ name: 'door-proxy', address: prod.proxy.address, hostname: 'door-proxy.example.com' }],
        node: [{ name: node.name, address: node.address }],
      },
    };
    await writeFile(file, JSON.stringify(inventory, null, 2));
    const { code, document, stderr } = await clusterproxyJson(lab(), ['apply', '--yes', '--inventory', file]);
    expect(code, stderr + JSON.stringify(document.hosts.map((host) => host.error))).toBe(0);
    const client = await WebSocketClient.open(prod.proxy.address, { port: 8443, secure: true });
    client.close();
    await expectServed(prod, prod.node(1), '3.0');
    await expectInSync(prod);
    await expectInSync(trial);

    // Another one for HAProxy isn't possible: its configuration is one file.
    const second = join(folder, 'second.yaml');
    await writeFile(
      second,
      JSON.stringify({ ...inventory, cluster: { name: 'more', hostname: 'trial.example.com' } }),
    );
    const refused = await clusterproxyJson(lab(), ['plan', '--inventory', second]);
    expect(refused.code).toBe(3);
    const error = hostOf(refused.document, 'door-proxy').error;
    expect(error).toMatchObject({ code: 'two-clusters' });
    expect(`${error?.message}\n${error?.detail}`).toContain('calls: /etc/haproxy/haproxy.cfg');
    // The node is that of calls alone.
    expect(hostOf(refused.document, 'calls-01')).toMatchObject({
      changes: [],
      error: { code: 'another-cluster', message: 'this host belongs to the cluster calls, not to more' },
    });
  });

  it('a node of the other is refused by whoever looks at it', async () => {
    const [foreign] = prod.inventory.hosts.node;
    const [own] = trial.inventory.hosts.node;
    if (foreign === undefined || own === undefined) throw new Error('no nodes');
    trial.inventory.hosts.node = [own, foreign];
    await trial.save();
    const before = prod.manifests();
    for (const [command, ...args] of [
      ['plan'],
      ['check'],
      ['status'],
      ['apply', '--dry-run'],
      ['apply', '--yes'],
    ]) {
      const { code, document } = await trial.json(command ?? '', ...args);
      expect(code, command).toBe(3);
      expect(hostOf(document, 'door-01'), command).toMatchObject({
        status: 'failed',
        changes: [],
        error: { code: 'another-cluster', message: 'this host belongs to the cluster prod, not to trial' },
      });
    }
    expect(prod.changedSince(before)).toEqual([]);
    trial.inventory.hosts.node = [own];
    await trial.save();
  });

  it('one leaves, and the other goes on serving', async () => {
    const retire = async (cluster: Cluster) => {
      const { proxy, node } = cluster.inventory.hosts;
      if (proxy === 'external') throw new Error('no proxy');
      const leaving = (hosts: typeof node) => hosts.map((host) => ({ ...host, state: 'retired' }));
      cluster.inventory.hosts = { proxy: leaving(proxy), node: leaving(node) };
      await cluster.save();
      const { code, document } = await cluster.json('apply', '--yes');
      expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
      expect(code).toBe(0);
    };
    await retire(prod);
    expect((await prod.proxy.mustExec(`ls ${state}`)).trim().split('\n')).toEqual(['calls', 'trial']);
    await expectServed(trial, trial.node(1), '2.6');
    await expectInSync(trial);
    expect((await prod.node(1).exec('ls /var/lib/clusterproxy')).code).not.toBe(0);
    await retire(trial);
    const left = prod
      .changedSince(fresh)
      .filter((path) => /nginx\/(conf\.d\/clusterproxy-(prod|trial)|clusterproxy)/.test(path));
    expect(left).toEqual([]);
    expect((await prod.proxy.exec('nginx -t')).code).toBe(0);
    expect((await prod.proxy.mustExec(`ls ${state}`)).trim()).toBe('calls');
  });
});
