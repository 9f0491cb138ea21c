import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { offerDebianPackages } from '../lab/packages.ts';
import { type Cluster, hostOf, startCluster } from './cluster.ts';
import type { Door } from './door/connection.ts';
import { amongSilent, floodOfBeginnings, lend, others, withoutFloods, writable } from './door/flood.ts';
import { layPages } from './door/node.ts';
import { noLab, useLab } from './lab.ts';
import type { Manifest } from './manifest.ts';
import { expectServed } from './served.ts';

if (withoutFloods !== undefined) console.warn(withoutFloods);

describe.skipIf(noLab || withoutFloods !== undefined)('a door whose connections nobody tracks', () => {
  const lab = useLab();
  let cluster: Cluster;
  let door: Door;
  let plain: ReadonlyMap<string, Manifest>;

  const page = () => `/${cluster.node(1).name}/html5client/door/echo`;
  const table = async () => (await cluster.proxy.exec('nft list tables')).stdout;
  const wants = async (...items: readonly string[]) => {
    Object.assign(cluster.inventory.vars, { hardening: items, expected_users: 1000 });
    await cluster.save();
  };
  const applies = async () => {
    const { code, document, stderr } = await cluster.json('apply', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code, stderr).toBe(0);
    return document;
  };

  beforeAll(async () => {
    cluster = await startCluster(lab(), {
      ...{ name: 'flood', nodes: ['3.0'], prepareNode: layPages, hasty: true },
    });
    door = {
      address: cluster.proxy.address,
      hostname: cluster.inventory.cluster.hostname,
      ca: await readFile(lab().authority.certificate, 'utf8'),
    };
    await lend(cluster.proxy, 'nft');
    await lend(cluster.node(1), 'hping3');
    await offerDebianPackages(cluster.proxy, [{ name: 'nftables' }]);
    await cluster.proxy.mustExec('apt-get update -q');
    await cluster.proxy.mustExec(writable);
    await applies();
    plain = cluster.manifests();
  });

  it('is refused where a rule goes by the state of connections, by that rule', async () => {
    await cluster.proxy.mustExec(
      `nft 'add table inet own; add chain inet own input { type filter hook input priority 0; }; add rule inet own input ct state established accept'`,
    );
    await wants('untracked');
    const { document } = await cluster.json('plan');
    expect(hostOf(document, cluster.proxy.name).error).toMatchObject({
      code: 'hardening-impossible',
      message: expect.stringContaining('nft, table inet own, chain input): ct state established accept'),
    });
    await cluster.proxy.mustExec('nft delete table inet own');
  });

  it('serves as before, keeps nobody in the table of connections, and stays as it is', async () => {
    await wants('untracked', 'connections', 'slow_clients', 'backlog');
    await applies();
    expect(await table()).toContain('table inet clusterproxy_');
    await expectServed(cluster, cluster.node(1), '3.0');
    // A rule that counts is what says how the kernel sees them; it goes by their state, so it is ours alone.
    await cluster.proxy.mustExec(
      `nft 'add table inet see; add chain inet see input { type filter hook input priority 0; }; add rule inet see input tcp dport 443 ct state untracked counter; add rule inet see input tcp sport 443 ct state untracked counter; add rule inet see input tcp dport 443 ct state != untracked counter'`,
    );
    await others(door, page(), 5);
    const seen = await cluster.proxy.mustExec('nft list chain inet see input');
    await cluster.proxy.mustExec('nft delete table inet see');
    const [here, nodes, tracked] = [...seen.matchAll(/packets (\d+)/g)].map(([, packets]) => Number(packets));
    expect(here).toBeGreaterThan(0);
    expect(nodes).toBeGreaterThan(0);
    expect(tracked).toBe(0);
    const again = await applies();
    expect(again.summary).toMatchObject({ changes: 0, restarts: 0, reloads: 0 });
    expect((await cluster.run('check')).code).toBe(0);
  });

  it('is so again after a start of the host', async () => {
    await cluster.proxy.powerOff();
    await cluster.proxy.boot();
    await cluster.proxy.mustExec(writable);
    await cluster.proxy.mustExec('systemctl --quiet is-active --wait multi-user.target || sleep 1');
    await cluster.proxy.mustExec('systemctl start clusterproxy-*-untracked.service');
    expect(await table()).toContain('table inet clusterproxy_');
    expect((await cluster.run('check')).code).toBe(0);
  });

  it('answers others during a flood of beginnings', async () => {
    const quiet = await others(door, page(), 100);
    const flood = floodOfBeginnings(cluster.proxy, cluster.node(1), door.address);
    const meanwhile = await others(door, page(), 100);
    const { sent, cookies } = await flood;
    console.warn(`${sent} beginnings, ${cookies} cookies: ${meanwhile}; without: ${quiet}`);
    expect(cookies).toBeGreaterThan(0);
  });

  it('answers others during a flood of connections', async () => {
    const meanwhile = await amongSilent(door, 5000, () => others(door, page(), 100));
    console.warn(`5,000 connections that say nothing: ${meanwhile}`);
  });

  it('gives all of it back', async () => {
    await wants();
    await applies();
    expect(await table()).not.toContain('clusterproxy');
    expect(
      cluster.changedSince(plain).filter((path) => path.startsWith(`${cluster.proxy.name}:/etc`)),
    ).toEqual([]);
  });
});
