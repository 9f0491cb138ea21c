import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../lab/fetch.ts';
import { serverStatus, untilStatus } from '../lab/haproxy.ts';
import type { LabHost } from '../lab/host.ts';
import { CERTIFICATE } from '../lab/prepare-host.ts';
import { installWebCallServer, WebSocketClient } from '../lab/wcs/install.ts';
import { statuses } from './cluster.ts';
import { noLab, useLab } from './lab.ts';
import type { Manifest } from './manifest.ts';
import { BalancerPair } from './pair/balancer-pair.ts';

const hostname = 'calls.example.com';
const ofThePair = ['virtual-address', 'same-configuration'];

/** One story: each part on the hosts as the one before left them. */
describe.skipIf(noLab)('a pair of balancers with Web Call Server', () => {
  const lab = useLab();
  let pair: BalancerPair;
  /** the disks before anything was done */
  let fresh: ReadonlyMap<string, Manifest>;

  const connect = (cookie?: string) =>
    WebSocketClient.open(pair.virtual, {
      ...{ port: 443, secure: true },
      ...(cookie === undefined ? {} : { cookie }),
    });
  /** Whether the cluster takes people at its address. */
  const serves = () =>
    eventually(async () => {
      const client = await connect();
      client.close();
      return client.node;
    });
  const onEach = async (node: string, expected: Parameters<typeof untilStatus>[2]) => {
    for (const host of pair.balancers) await untilStatus(host, ['wcs_back', node], expected);
  };

  beforeAll(async () => {
    const issued = await lab().authority.issue([hostname]);
    const prepareBalancer = async (host: LabHost) => {
      await host.writeFile(CERTIFICATE.fullchain, await readFile(issued.certificate));
      await host.writeFile(CERTIFICATE.privateKey, await readFile(issued.privateKey), 0o600);
    };
    const balancer = { services: ['haproxy', 'nginx'], prepare: prepareBalancer };
    const added = await lab().addHosts([
      { name: 'calls-lb-1', ...balancer },
      { name: 'calls-lb-2', ...balancer },
      { name: 'calls-01', services: ['xinetd'], prepare: installWebCallServer },
      { name: 'calls-02', services: ['xinetd'], prepare: installWebCallServer },
    ]);
    const nodes = added.slice(2);
    for (const host of nodes) await host.mustExec(['systemctl', 'start', 'webcallserver.service']);
    pair = await BalancerPair.of(
      lab(),
      { balancers: added.slice(0, 2), nodes },
      {
        ...{ playbook: 'wcs', hostname },
        vars: {
          ...{ certificate: CERTIFICATE.fullchain, certificate_key: CERTIFICATE.privateKey },
          ...{ cpu: 0, sticky_cookie: 'SERVERID' },
        },
      },
    );
    fresh = pair.manifests();
  });

  it('is set up from nothing: one of the two has the address, and each hears the agents', async () => {
    await pair.changes('apply');
    await pair.holder();
    await serves();
    for (const { name } of pair.nodes)
      await onEach(name, { status: 'UP', weight: '100', agent_status: 'L7OK' });
    const { code, wrong, asked } = await pair.checks(...ofThePair, 'agents', 'servers');
    expect(wrong).toEqual([]);
    expect(asked).toEqual(pair.onBoth('passed', ...ofThePair, 'agents', 'servers'));
    expect(code).toBe(0);
  });

  it('is sound for status and doctor, which look at both', async () => {
    const status = await pair.json('status');
    expect(status.code, status.stderr).toBe(0);
    expect(status.document.hosts.map(({ name, error }) => ({ name, error }))).toEqual(
      pair.hosts.map(({ name }) => ({ name, error: undefined })),
    );
    const doctor = await pair.json('doctor');
    const looked = doctor.document.troubles ?? [];
    expect(
      looked.filter(({ id }) => id === 'agent-silent').map(({ host, outcome }) => `${host} ${outcome}`),
    ).toEqual(pair.balancers.map(({ name }) => `${name} absent`));
  });

  it('is in sync then', async () => {
    const then = pair.manifests();
    expect(new Set(Object.values(statuses(await pair.changes('apply'))))).toEqual(new Set(['in-sync']));
    expect(pair.changedSince(then)).toEqual([]);
  });

  it('moves no address and cuts nobody while both are changed', async () => {
    const before = await pair.holder();
    const client = await connect();
    pair.inventory.vars.balance = 'roundrobin';
    await pair.save();
    const document = await pair.changes('apply');
    for (const { name } of pair.balancers) expect(statuses(document)[name]).toBe('changed');
    await sleep(3_000);
    expect((await pair.holder()).name).toBe(before.name);
    expect(await client.echoes('still here')).toBe(true);
    client.close();
  });

  it('keeps the address where a node is down, and where all are', async () => {
    const before = await pair.holder();
    const down = async (nodes: readonly LabHost[]) => {
      for (const node of nodes) await node.mustExec('systemctl stop webcallserver.service');
      for (const { name } of nodes) await onEach(name, { status: 'DOWN' });
      await sleep(4_000);
      expect((await pair.holders()).map(({ name }) => name)).toEqual([before.name]);
    };
    await down(pair.nodes.slice(0, 1));
    await down(pair.nodes);
    for (const node of pair.nodes) await node.mustExec('systemctl start webcallserver.service');
    for (const { name } of pair.nodes) await onEach(name, { status: 'UP' });
  });

  it('gives the address away where HAProxy is dead, and brings people back to their node', async () => {
    const before = await pair.holder();
    const clients = [await connect(), await connect(), await connect(), await connect()];
    const known = clients.map(({ head, node }) => ({ node, cookie: /set-cookie: ([^;]+)/i.exec(head)?.[1] }));
    expect(new Set(known.map(({ node }) => node)).size).toBe(2);
    const begun = Date.now();
    await before.mustExec('systemctl stop haproxy.service');
    const now = await pair.holder(before);
    console.warn(`HAProxy ended: the address had moved after ${Date.now() - begun} ms`);
    expect(now.name).toBe(pair.other(before).name);
    for (const { node, cookie } of known) {
      const again = await eventually(() => connect(cookie));
      expect(again.node).toBe(node);
      again.close();
    }
    for (const client of clients) client.close();
    await before.mustExec('systemctl start haproxy.service');
    await sleep(6_000);
    expect((await pair.holder()).name).toBe(now.name);
  });

  it('gives the address away before a reboot, and does not take it back', async () => {
    const before = await pair.holder();
    const document = await pair.changes('reboot', before.name);
    expect(document.hosts.flatMap(({ warnings }) => warnings)).toEqual([]);
    expect((await pair.holder()).name).toBe(pair.other(before).name);
    // It was taken by the word of keepalived's own question, and not by the host's end.
    expect(await before.mustExec('journalctl -u keepalived.service --no-pager')).toContain('FAULT STATE');
    expect((await before.exec('ls /run/clusterproxy-away')).stdout).toBe('');
    await serves();
    for (const { name } of pair.nodes) await onEach(name, { status: 'UP', weight: '100' });
  });

  it('drains a node on both, until its client has gone, and gives it back on both', async () => {
    const [first] = pair.nodes;
    if (first === undefined) throw new Error('no node');
    for (const { name } of pair.nodes) await onEach(name, { status: 'UP', weight: '100' });
    const client = await connect(`SERVERID=${first.name}`);
    expect(client.node).toBe(first.name);
    pair.inventory.vars.global_bandwidth_check = true;
    await pair.save();
    const applied = pair.changes('apply', '--when-busy', 'drain', '--limit', first.name);
    await onEach(first.name, { status: /^DRAIN/ });
    expect((await serverStatus(pair.balancers[0] ?? first, 'wcs_back', 'calls-02')).status).toBe('UP');
    expect(await client.echoes('still here')).toBe(true);
    client.close();
    expect(statuses(await applied)[first.name]).toBe('changed');
    await onEach(first.name, { status: 'UP' });
    for (const host of pair.balancers) await host.mustExec('test ! -e /var/lib/clusterproxy/cordons/calls');
    await pair.changes('apply');
  });

  it("passes the challenge of the passive one's certbot on, and nothing else", async () => {
    const passive = pair.other(await pair.holder());
    const start = '/.well-known/acme-challenge';
    await passive.mustExec(
      `mkdir -p /tmp/acme${start} && echo key > /tmp/acme${start}/token && echo other > /tmp/acme/other`,
    );
    const certbot = 'python3 -m http.server 8888 --bind 127.0.0.1 --directory /tmp/acme';
    await passive.mustExec(`systemd-run --quiet --unit=certbot-standin ${certbot}`);
    const ask = async (path: string) => {
      const words = ['-s', '-o', '-', '-w', '%{http_code}', `http://${hostname}${path}`];
      return (await lab().run('curl', words)).stdout;
    };
    await eventually(async () => expect(await ask(`${start}/token`)).toBe('key\n200'));
    expect(await ask(`${start}/%2e%2e/%2e%2e/other`)).toMatch(/301$/);
    await passive.mustExec('systemctl stop certbot-standin.service; rm -r /tmp/acme');
  });

  it('is found by verify where one has another configuration, and where nobody has the address', async () => {
    const file = '/etc/haproxy/haproxy.cfg';
    const [first] = pair.balancers;
    if (first === undefined) throw new Error('no balancer');
    const text = (await first.readFile(file)).toString();
    await first.writeFile(file, text.replace('retries 3', 'retries 4'));
    for (const host of pair.balancers) await host.mustExec('systemctl stop keepalived.service');
    const { asked, wrong } = await pair.checks(...ofThePair);
    expect(asked).toEqual(pair.onBoth('failed', ...ofThePair));
    expect(wrong.find(({ id }) => id === 'virtual-address')?.found).toContain('none of calls-lb-1 and');
    await pair.changes('apply');
    await pair.holder();
    await serves();
    expect((await pair.checks(...ofThePair)).wrong).toEqual([]);
  });

  it('lets the holder leave, and never takes the address from the other one', async () => {
    const leaving = await pair.holder();
    const staying = pair.other(leaving);
    const before = pair.manifests();
    await pair.changes('retire', leaving.name);
    expect((await pair.holder()).name).toBe(staying.name);
    await serves();
    expect((await leaving.exec('systemctl is-active keepalived.service')).stdout.trim()).toBe('inactive');
    expect(pair.changedSince(fresh, [leaving])).toEqual([]);
    expect(pair.changedSince(before, [staying])).toEqual([]);
  });

  it('is given back as a whole by a rollback', async () => {
    const before = pair.manifests();
    for (const entry of pair.inventory.hosts.balancer) delete entry.state;
    await pair.save();
    const { run } = await pair.changes('apply');
    await pair.holder();
    expect(run).toBeTruthy();
    await pair.changes('rollback', '--run', run ?? '');
    expect(pair.changedSince(before)).toEqual([]);
    expect(await pair.holders()).toHaveLength(1);
    await serves();
  });
});
