import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LabHost } from '../lab/host.ts';
import { offerDebianPackages } from '../lab/packages.ts';
import { type Cluster, hostOf, startCluster } from './cluster.ts';
import { ask, type Door } from './door/connection.ts';
import { layPages } from './door/node.ts';
import { noLab, useLab } from './lab.ts';
import type { Manifest } from './manifest.ts';
import { expectServed } from './served.ts';

const programs = ['nft', 'hping3'];
const missing = programs.filter((name) => spawnSync('which', [name]).status !== 0);
if (missing.length > 0) console.warn(`Floods are left out: this machine has no ${missing.join(', no ')}`);

/** A program of this machine, with the libraries that a host of the lab lacks. */
async function lend(host: LabHost, program: string): Promise<void> {
  const listed = `for path in $(which ${program}) $(ldd $(which ${program}) | grep -o '/[^ ]*'); do realpath -s "$path"; done | tar -chf - -T - 2>/dev/null`;
  const { stdout } = spawnSync('sh', ['-c', listed], { maxBuffer: 100_000_000 });
  await host.writeFile('/root/lent.tar', stdout);
  await host.mustExec('tar -x --skip-old-files -f /root/lent.tar -C / && rm /root/lent.tar');
}

/** A host of the lab has a network of its own, whose values it may read only, anew after each start. */
const writable = 'mount -o remount,bind,rw /proc/sys';

describe.skipIf(noLab || missing.length > 0)('a door whose connections nobody tracks', () => {
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
  const kernelCounts = async (name: string) => {
    const [names = '', values = ''] = (await cluster.proxy.mustExec('grep ^TcpExt: /proc/net/netstat')).split(
      '\n',
    );
    return Number(values.split(' ')[names.split(' ').indexOf(name)]);
  };
  /** How long others wait for a page meanwhile, in milliseconds: half of them, and the slowest. */
  const others = async (count: number) => {
    const times: number[] = [];
    for (let index = 0; index < count; index++) {
      const began = performance.now();
      expect((await ask(door, page())).status).toBe(200);
      times.push(performance.now() - began);
    }
    times.sort((one, other) => one - other);
    return `half within ${Math.ceil(times[count >> 1] ?? 0)} ms, the slowest ${Math.ceil(times.at(-1) ?? 0)} ms`;
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
    await others(5);
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
    const quiet = await others(100);
    const before = await kernelCounts('SyncookiesSent');
    // From an address that there is not, so that none of them goes on. The kernel keeps each for a minute at
    // least (tcp_synack_retries), so that the queue of 4,096 is full whatever else this machine does.
    const nobody = door.address.replace(/\d+$/, '250');
    const flood = cluster
      .node(1)
      .exec(`timeout 60 hping3 -q -S -p 443 -a ${nobody} -i u100 -c 20000 ${door.address}`);
    const meanwhile = await others(100);
    const { stderr, stdout } = await flood;
    const sent = /(\d+) packets transmitted/.exec(`${stdout}${stderr}`)?.[1];
    const cookies = (await kernelCounts('SyncookiesSent')) - before;
    console.warn(`${sent ?? 'many'} beginnings, ${cookies} cookies: ${meanwhile}; without: ${quiet}`);
    expect(cookies).toBeGreaterThan(0);
  });

  it('answers others during a flood of connections', async () => {
    const sockets = await Promise.all(
      Array.from(
        { length: 5000 },
        () =>
          new Promise<Socket>((resolve, reject) => {
            const socket = connect(443, door.address, () => resolve(socket));
            socket.on('error', reject);
          }),
      ),
    );
    try {
      console.warn(`5,000 connections that say nothing: ${await others(100)}`);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
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
