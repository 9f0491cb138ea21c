import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import { CERTIFICATE } from '../lab/prepare-host.ts';
import { type Cluster, hostOf, startCluster, statuses } from './cluster.ts';
import type { Door } from './door/connection.ts';
import { layPages } from './door/node.ts';
import { OpenSocket } from './door/socket.ts';
import { noLab, useLab } from './lab.ts';
import type { Manifest } from './manifest.ts';
import { Audience, statusOf } from './pair/audience.ts';
import { cutPower, has, isolate } from './pair/network.ts';

/** One story: each part on the hosts as the one before left them. */
describe.skipIf(noLab)('a pair of proxies', () => {
  const lab = useLab();
  let cluster: Cluster;
  let virtual: string;
  let door: Door;
  /** the disks before anything was done */
  let fresh: ReadonlyMap<string, Manifest>;

  const page = (number = 1) => `/${cluster.node(number).name}/html5client/door/echo`;
  const socket = (number: number) => `/${cluster.node(number).name}/html5client/door/socket`;
  const holders = async () => {
    const having = await Promise.all(
      cluster.proxies.map(async (host) => ((await has(host, virtual)) ? [host] : [])),
    );
    return having.flat();
  };
  /** Who has the address, once exactly one has it, and answers. */
  const holder = () =>
    eventually(async () => {
      const [host, ...others] = await holders();
      const answer = await statusOf(door, page(), 2_000);
      if (host === undefined || others.length > 0 || answer !== '200')
        throw new Error(`${(await holders()).map(({ name }) => name).join(', ')} have it; ${answer}`);
      return host;
    });
  const other = (host: LabHost) => {
    const found = cluster.proxies.find((one) => one !== host);
    if (found === undefined) throw new Error('there is no other proxy');
    return found;
  };
  const takenOverFrom = (host: LabHost) =>
    eventually(async () => {
      const [now, ...more] = await holders();
      if (now === undefined || now === host || more.length > 0) throw new Error('it has not moved yet');
      return now;
    });
  /** When it took the address; milliseconds since the epoch, as all hosts share this machine's clock. */
  const masterSince = async (host: LabHost) => {
    const log = await host.mustExec('journalctl -u keepalived.service -o short-unix --no-pager');
    const last = log.split('\n').findLast((line) => line.includes('Entering MASTER STATE'));
    return 1_000 * Number(last?.split(' ')[0]);
  };
  const applies = async () => {
    const { code, document, stderr } = await cluster.json('apply', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code, stderr).toBe(0);
    return document;
  };
  const checks = async (...ids: readonly string[]) => {
    const { code, document } = await cluster.json('verify');
    const asked = (document.checks ?? []).filter(({ id }) => ids.includes(id));
    return { code, asked, outcomes: asked.map(({ host, id, outcome }) => `${host} ${id} ${outcome}`) };
  };
  const onBoth = (check: string, outcome: string) =>
    cluster.proxies.map(({ name }) => `${name} ${check} ${outcome}`);
  const told = (what: string, { answered, retried, failed, longestGap }: Audience) =>
    console.warn(
      `${what}: ${answered} answered at once, ${retried.length} at the second try, ${failed.length} not; longest time without an answer ${longestGap} ms`,
    );

  beforeAll(async () => {
    const names = ['pair.example.com', 'pair-proxy.example.com', 'pair-proxy-2.example.com'];
    const issued = await lab().authority.issue(names);
    cluster = await startCluster(lab(), {
      ...{ name: 'pair', nodes: ['3.0', '3.0'], proxies: 2, prepareNode: layPages },
      // One certificate on both, as the page on pairs asks for.
      prepareProxy: async (host) => {
        await host.writeFile(CERTIFICATE.fullchain, await readFile(issued.certificate));
        await host.writeFile(CERTIFICATE.privateKey, await readFile(issued.privateKey), 0o600);
      },
    });
    virtual = cluster.proxy.address.replace(/\d+$/, '250');
    cluster.inventory.cluster.virtual_address = virtual;
    await cluster.save();
    door = {
      ...{ address: virtual, hostname: 'pair.example.com' },
      ca: await readFile(lab().authority.certificate, 'utf8'),
    };
    fresh = cluster.manifests();
  });

  it('is set up from nothing: one of the two has the address, and it answers', async () => {
    await applies();
    await holder();
    const { code, asked, outcomes } = await checks('virtual-address', 'same-relays');
    expect(asked.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
    expect(outcomes.toSorted()).toEqual(
      [...onBoth('virtual-address', 'passed'), ...onBoth('same-relays', 'passed')].toSorted(),
    );
    expect(code).toBe(0);
  });

  it('is in sync then', async () => {
    const then = cluster.manifests();
    expect(new Set(Object.values(statuses(await applies())))).toEqual(new Set(['in-sync']));
    expect(cluster.changedSince(then)).toEqual([]);
  });

  it('moves no address, fails no request and cuts no WebSocket while both reload', async () => {
    const before = await holder();
    const sockets = await Promise.all(
      Array.from({ length: 10 }, (_, index) => OpenSocket.open(door, socket((index % 2) + 1))),
    );
    const audience = new Audience(door, page());
    cluster.inventory.vars.http2 = false;
    cluster.inventory.cluster.virtual_address = { address: virtual, preempt: false, router_id: 250 };
    await cluster.save();
    const document = await applies();
    expect(hostOf(document, cluster.proxy.name).status).toBe('changed');
    for (const host of cluster.proxies) {
      await host.writeFile('/etc/keepalived/clusterproxy/noted.conf', '# a change\n');
      await host.mustExec('systemctl reload keepalived.service nginx.service');
      await sleep(500);
    }
    await sleep(3_000);
    told('both reloaded', await audience.end());
    expect(audience.failed).toEqual([]);
    expect(audience.retried).toEqual([]);
    expect(audience.answered).toBeGreaterThan(10);
    expect(await Promise.all(sockets.map((one) => one.echoes('still there')))).toEqual(
      sockets.map(() => true),
    );
    for (const one of sockets) one.close();
    expect((await holders()).map(({ name }) => name)).toEqual([before.name]);
    for (const host of cluster.proxies) await host.mustExec('rm /etc/keepalived/clusterproxy/noted.conf');
  });

  it('keeps the address where nginx is back at once', async () => {
    const before = await holder();
    await before.mustExec('systemctl restart nginx.service');
    await sleep(4_000);
    expect((await holders()).map(({ name }) => name)).toEqual([before.name]);
  });

  it('gives the address away where the proxy does not answer any more, and does not take it back', async () => {
    const before = await holder();
    const audience = new Audience(door, page());
    await sleep(500);
    const begun = Date.now();
    await before.mustExec('systemctl stop nginx.service');
    const now = await takenOverFrom(before);
    const taken = (await masterSince(now)) - begun;
    await sleep(500);
    told(`nginx stopped, taken over in ${Math.round(taken)} ms`, await audience.end());
    expect(audience.failed).toEqual([]);
    expect(now.name).toBe(other(before).name);
    await before.mustExec('systemctl start nginx.service');
    await sleep(6_000);
    expect((await holder()).name).toBe(now.name);
  });

  it('gives it away to nobody where no other one answers', async () => {
    const before = await holder();
    await other(before).mustExec('systemctl stop nginx.service');
    await before.mustExec('systemctl stop nginx.service');
    await sleep(6_000);
    expect((await holders()).map(({ name }) => name)).toEqual([before.name]);
    for (const host of cluster.proxies) await host.mustExec('systemctl start nginx.service');
    await holder();
  });

  it('is taken over from a host that is dead', async () => {
    const before = await holder();
    const audience = new Audience(door, page());
    await sleep(500);
    const begun = Date.now();
    await cutPower(before, virtual);
    const gone = Date.now();
    const now = await takenOverFrom(before);
    const taken = (await masterSince(now)) - begun;
    await sleep(500);
    told(`host dead in ${gone - begun} ms, taken over in ${Math.round(taken)} ms`, await audience.end());
    expect(audience.failed).toEqual([]);
    await before.boot();
    await eventually(() => before.mustExec('systemctl is-active keepalived.service nginx.service'));
    await sleep(4_000);
    expect((await holder()).name).toBe(now.name);
  });

  it('has two holders where the hosts do not hear each other, which verify says, and one again afterwards', async () => {
    await isolate(cluster.proxies, true);
    await eventually(async () => {
      if ((await holders()).length < 2) throw new Error('only one has it');
    });
    const split = await checks('virtual-address');
    expect(split.code).toBe(4);
    expect(split.outcomes).toEqual(onBoth('virtual-address', 'failed'));
    expect(split.asked[0]?.found).toContain('pair-proxy and pair-proxy-2 have it at the same time');
    expect(split.asked[0]?.fix).toContain('112');
    await isolate(cluster.proxies, false);
    await holder();
    await eventually(async () =>
      expect((await checks('virtual-address')).outcomes).toEqual(onBoth('virtual-address', 'passed')),
    );
  });

  it('is found by verify where nobody has it, and where one relays something else', async () => {
    for (const host of cluster.proxies) await host.mustExec('systemctl stop keepalived.service');
    const nodes = '/etc/nginx/clusterproxy/pair/nodes.conf';
    const before = await cluster.proxy.readFile(nodes);
    await cluster.proxy.writeFile(
      nodes,
      before.toString().replace('proxy_pass', 'proxy_buffering off; proxy_pass'),
    );
    const none = await checks('virtual-address', 'same-relays');
    expect(none.outcomes.toSorted()).toEqual(
      [...onBoth('virtual-address', 'failed'), ...onBoth('same-relays', 'failed')].toSorted(),
    );
    expect(none.asked.find(({ id }) => id === 'virtual-address')?.found).toContain('none of pair-proxy and');
    await applies();
    await holder();
    expect((await checks('virtual-address', 'same-relays')).code).toBe(0);
  });

  it('lets the holder leave, and never takes the address from the other one', async () => {
    const leaving = await holder();
    const staying = other(leaving);
    const before = cluster.manifests();
    const audience = new Audience(door, page());
    await sleep(500);
    const { code, document, stderr } = await cluster.json('retire', leaving.name, '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code, stderr).toBe(0);
    await sleep(500);
    told('the holder retired', await audience.end());
    expect(audience.failed).toEqual([]);
    expect((await holder()).name).toBe(staying.name);
    expect((await leaving.exec('systemctl is-active keepalived.service')).stdout.trim()).toBe('inactive');
    const differing = cluster.changedSince(fresh).filter((path) => path.startsWith(`${leaving.name}:`));
    expect(differing).toEqual([]);
    expect(cluster.changedSince(before).filter((path) => path.startsWith(`${staying.name}:`))).toEqual([]);
  });

  it('is given back as a whole by a rollback', async () => {
    const [proxy, second] = cluster.proxies;
    const before = cluster.manifests();
    for (const entry of Array.isArray(cluster.inventory.hosts.proxy) ? cluster.inventory.hosts.proxy : [])
      delete entry.state;
    await cluster.save();
    const { run } = await applies();
    expect(run).toBeTruthy();
    await holder();
    expect(proxy && second && (await has(proxy, virtual)) !== (await has(second, virtual))).toBe(true);
    const { code, stdout, stderr } = await cluster.run('rollback', '--run', run ?? '', '--yes');
    expect(code, stdout + stderr).toBe(0);
    expect(cluster.changedSince(before)).toEqual([]);
    expect(await holders()).toHaveLength(1);
  });
});
