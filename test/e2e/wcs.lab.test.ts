import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/model/change.ts';
import type { ReportDocument } from '../../src/report/document/schema.ts';
import { Audience } from '../lab/audience.ts';
import { startOf } from '../lab/day.ts';
import { serverStatus, tellHaproxy, untilStatus } from '../lab/haproxy.ts';
import type { LabHost } from '../lab/host.ts';
import { offerDebianPackages, type TestPackage } from '../lab/packages.ts';
import { CERTIFICATE } from '../lab/prepare-host.ts';
import { installWebCallServer, setStatistics, WebSocketClient } from '../lab/wcs/install.ts';
import { hostOf, statuses } from './cluster.ts';
import { noLab, useLab } from './lab.ts';
import { differences, type Manifest, manifestOf } from './manifest.ts';
import { clusterproxyJson, hastyMain } from './program.ts';

const hostname = 'wcs.example.com';
const agent = '/usr/local/bin/haproxy-agent-check.sh';

describe.skipIf(noLab)('a balancer and two nodes with Web Call Server', () => {
  const lab = useLab();
  let balancer: LabHost;
  let nodes: readonly LabHost[];
  let before: ReadonlyMap<string, Manifest>;
  let file: string;
  const inventory = {
    playbook: 'wcs',
    cluster: { name: 'wcs', hostname },
    windows: 'anytime',
    ssh: {},
    vars: { certificate: CERTIFICATE.fullchain, certificate_key: CERTIFICATE.privateKey, cpu: 0 } as Record<
      string,
      unknown
    >,
    hosts: { balancer: [] as object[], node: [] as object[] },
  };

  const save = () => writeFile(file, JSON.stringify(inventory, null, 2));
  const clusterproxy = (command: string, ...args: readonly string[]) =>
    clusterproxyJson(lab(), [command, '--inventory', file, ...args], hastyMain);
  const settled = (name: string, weight: string) =>
    untilStatus(balancer, ['wcs_back', name], { status: 'UP', weight });
  const connect = (options: { cookie?: string } = {}) =>
    WebSocketClient.open(balancer.address, { port: 443, secure: true, ...options });

  beforeAll(async () => {
    const added = await lab().addHosts([
      { name: 'wcs-lb', hostnames: ['wcs-lb.example.com', hostname], services: ['haproxy', 'nginx'] },
      { name: 'wcs-01', services: ['xinetd'], prepare: installNode },
      { name: 'wcs-02', prepare: removeXinetd },
    ]);
    const [first] = added;
    if (first === undefined) throw new Error('no hosts');
    balancer = first;
    nodes = added.slice(1);
    for (const host of nodes) await host.mustExec(['systemctl', 'start', 'webcallserver.service']);
    const folder = join(lab().directory, 'clusters', 'wcs');
    await mkdir(folder, { recursive: true });
    file = join(folder, 'inventory.yaml');
    inventory.ssh = {
      user: 'ops',
      become: 'sudo',
      identity_files: [lab().sshKey],
      known_hosts: [lab().knownHosts],
    };
    inventory.hosts.balancer = [{ name: 'wcs-lb', address: balancer.address }];
    inventory.hosts.node = nodes.map(({ name, address }) => ({ name, address }));
    await save();
    before = new Map(added.map((host) => [host.name, manifestOf(host)]));
  });

  it('becomes a cluster by one apply, and a second one changes nothing', async () => {
    const { code, document, stderr } = await clusterproxy('apply', '--yes');
    expect(code, stderr + JSON.stringify(document.hosts.map((host) => host.error))).toBe(0);
    expect(statuses(document)).toEqual({ 'wcs-lb': 'changed', 'wcs-01': 'changed', 'wcs-02': 'changed' });
    expect(document.hosts.map(({ recipe }) => recipe)).toEqual(['debian', 'xinetd-found', 'systemd']);
    for (const { name } of nodes) await settled(name, '100');
    const disks = new Map([balancer, ...nodes].map((host) => [host.name, manifestOf(host)]));
    const again = await clusterproxy('apply', '--yes');
    expect(again.code).toBe(0);
    expect(new Set(Object.values(statuses(again.document)))).toEqual(new Set(['in-sync']));
    for (const host of [balancer, ...nodes]) {
      expect(differences(host, disks.get(host.name) ?? new Map(), manifestOf(host))).toEqual([]);
    }
  });

  it('takes WebSockets through TLS, and tells nodes who asks', async () => {
    const found = new Set<string>();
    for (let index = 0; index < 6; index++) {
      const client = await connect();
      found.add(client.node);
      expect(client.clientAddress).toMatch(/^10\.213\.\d+\.1:\d+$/);
      client.close();
    }
    expect([...found].sort()).toEqual(['wcs-01', 'wcs-02']);
    const settings = await nodes[0]?.mustExec(['curl', '-s', 'http://127.0.0.1:8081/settings']);
    expect(settings).toContain('ws.ip_forward_header=X-Client-IP\nws.map_custom_headers=true\n');
  });

  it('has HAProxy tell what it does, on its own host alone, and stops without a trace', async () => {
    const disk = manifestOf(balancer);
    const client = await connect();
    inventory.vars.door_metrics = true;
    await save();
    const on = await clusterproxy('apply', '--yes');
    expect(on.code, on.stderr).toBe(0);
    const url = 'http://127.0.0.1:8405/metrics';
    const told = await balancer.mustExec(['curl', '-s', '-f', url]);
    expect(told).toContain('haproxy_server_status{proxy="wcs_back",server="wcs-01",state="UP"} 1\n');
    expect(told).toMatch(/^haproxy_backend_active_servers\{proxy="wcs_back"\} 2$/m);
    // curl's word for a connection that nobody takes.
    const outside = ['curl', '-s', '-m', '5', `http://${balancer.address}:8405/metrics`];
    expect((await nodes[0]?.exec(outside))?.code).toBe(7);
    const agentConfiguration = await clusterproxy('monitoring', 'agent');
    expect(agentConfiguration.code, agentConfiguration.stderr).toBe(0);
    expect(JSON.parse(agentConfiguration.stdout).scrape_configs[0].static_configs).toEqual([
      { targets: ['127.0.0.1:8405'], labels: { cluster: 'wcs', host: 'wcs-lb', role: 'balancer' } },
    ]);
    inventory.vars.door_metrics = false;
    await save();
    expect((await clusterproxy('apply', '--yes')).code).toBe(0);
    expect((await balancer.exec(['curl', '-s', url])).code).toBe(7);
    expect(differences(balancer, disk, manifestOf(balancer))).toEqual([]);
    expect(client.closed).toBe(false);
    client.close();
  });

  it('serves its web pages, and sends http to https', async () => {
    const page = await lab().run('curl', [
      '-s',
      '--cacert',
      lab().authority.certificate,
      `https://${hostname}/`,
    ]);
    expect(page.stdout).toContain('nginx');
    const plain = await lab().run('curl', [
      '-s',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code} %{redirect_url}',
      `http://${hostname}/a?b=c`,
    ]);
    expect(plain.stdout).toBe(`301 https://${hostname}/a?b=c`);
  });

  it('puts a node off whose settings change while somebody is connected', async () => {
    const [node] = nodes;
    if (node === undefined) throw new Error('no node');
    await setStatistics(node, { connections_websocket: 1, streams_webrtc_in: 1 });
    inventory.vars.global_bandwidth_check = true;
    await save();
    const busy = await clusterproxy('apply', '--yes');
    expect(busy.code).toBe(5);
    expect(statuses(busy.document)).toEqual({
      'wcs-lb': 'in-sync',
      'wcs-01': 'deferred',
      'wcs-02': 'changed',
    });
    await setStatistics(node, {});
    expect((await clusterproxy('apply', '--yes')).code).toBe(0);
  });

  /** Does something while people come and go; what happened to them meanwhile. */
  async function whileOpen<Result>(work: () => Promise<Result>) {
    const audience = new Audience({ balancer, backend: 'wcs_back', page: '/' });
    const result = await audience.during(work);
    const { held, answered, ...bad } = audience.counters;
    console.warn('WebSockets of WCS:', JSON.stringify(audience.counters));
    expect(Math.min(held, answered)).toBeGreaterThan(10);
    return { result, bad, troubles: audience.troubles };
  }
  const nobodyCut = { cut: 0, refused: 0, failed: 0, mostOut: 1 };

  it('drains each node whose settings change: nobody new gets there, and nobody is cut', async () => {
    inventory.vars.global_bandwidth_check = false;
    await save();
    const { result, bad, troubles } = await whileOpen(() =>
      clusterproxy('apply', '--yes', '--when-busy', 'drain'),
    );
    const { code, document, stderr } = result;
    expect(code, stderr + JSON.stringify(document.hosts.map((host) => host.error))).toBe(0);
    expect(statuses(document)).toEqual({ 'wcs-lb': 'in-sync', 'wcs-01': 'changed', 'wcs-02': 'changed' });
    for (const name of nodes.map((node) => node.name)) {
      expect(hostOf(document, name).handlers.map(({ id }) => id)).toContain('restart-webcallserver');
    }
    expect(bad, troubles.join('\n')).toEqual(nobodyCut);
    for (const { name } of nodes) await settled(name, '100');
    await balancer.mustExec('test ! -e /var/lib/clusterproxy/cordons/wcs');
  });

  it('is restarted node by node, and nobody is cut', async () => {
    const before = await Promise.all(nodes.map(startOf));
    const { result, bad, troubles } = await whileOpen(() =>
      clusterproxy('reboot', '--yes', '--when-busy', 'drain'),
    );
    const { code, document, stderr } = result;
    expect(code, stderr + JSON.stringify(document.hosts.map((host) => host.error))).toBe(0);
    expect(statuses(document)).toEqual({ 'wcs-lb': 'skipped', 'wcs-01': 'changed', 'wcs-02': 'changed' });
    const after = await Promise.all(nodes.map(startOf));
    expect(after.some((start, index) => start === before[index])).toBe(false);
    expect(bad, troubles.join('\n')).toEqual(nobodyCut);
  });

  it('is upgraded node by node, by default without cutting anybody', async () => {
    const script = 'apt-get -qq update && exec apt-get -qq -y install wcs-part=2.0\n';
    await writeFile(join(dirname(file), 'upgrade.sh'), script);
    const upgradeCommand = { script: 'upgrade.sh', sha256: sha256(Buffer.from(script)), time_limit: '5m' };
    Object.assign(inventory, { upgrade_command: upgradeCommand });
    await save();
    for (const node of nodes) {
      await node.mustExec('apt-get -qq update && apt-get -qq -y install wcs-part=1.0');
    }
    const { result, bad, troubles } = await whileOpen(() => clusterproxy('upgrade', '--yes', '--soak', '0'));
    const { code, document, stderr } = result;
    expect(code, stderr + JSON.stringify(document.hosts.map((host) => host.error))).toBe(0);
    for (const node of nodes) {
      expect(await node.mustExec('dpkg -s wcs-part')).toContain('Version: 2.0\n');
      await node.mustExec('dpkg --purge wcs-part');
    }
    expect(bad, troubles.join('\n')).toEqual(nobodyCut);
  });

  it("keeps an operator's drain and an open WebSocket while a threshold, a balance and stickiness change", async () => {
    const open = await connect();
    const drained = nodes.find(({ name }) => name !== open.node)?.name ?? '';
    await tellHaproxy(balancer, `set server wcs_back/${drained} state drain`);
    Object.assign(inventory.vars, { balance: 'roundrobin', sticky_cookie: 'SERVERID', publishers: 10 });
    await save();
    const { code, document } = await clusterproxy('apply', '--yes');
    expect(code).toBe(0);
    expect(statuses(document)['wcs-lb']).toBe('changed');
    expect(hostOf(document, 'wcs-lb').handlers.map(({ id }) => id)).toEqual([
      'reload-haproxy',
      'check-haproxy',
    ]);
    expect((await serverStatus(balancer, 'wcs_back', drained)).status).toMatch(/^DRAIN/);
    expect(await open.echoes('still here')).toBe(true);
    open.close();
    await tellHaproxy(balancer, `set server wcs_back/${drained} state ready`);
    await settled(drained, '100');
    const sticky = await connect({ cookie: `SERVERID=${drained}` });
    expect(sticky.node).toBe(drained);
    sticky.close();
  });

  it('changes from xinetd to a socket and back', async () => {
    for (const [server, recipe] of [
      ['systemd', 'systemd'],
      ['xinetd', 'xinetd'],
    ]) {
      inventory.vars.agent_server = server;
      await save();
      const { code, document } = await clusterproxy('apply', '--yes', '--limit', 'wcs-01');
      expect(code, JSON.stringify(document.hosts.map((host) => host.error))).toBe(0);
      expect(hostOf(document, 'wcs-01').recipe).toBe(recipe);
      await settled('wcs-01', '100');
      const answer = await balancer.mustExec(`curl -s telnet://${nodes[0]?.address}:9707 < /dev/null`);
      expect(answer).toMatch(/^up 100%/);
    }
    inventory.vars.agent_server = 'auto';
    await save();
  });

  it('tells at once, and by check, that the balancer asks the agents from another address than it has', async () => {
    const found = async () => {
      const { code, document } = await clusterproxy('check');
      return { code, error: hostOf(document, 'wcs-lb').error };
    };
    expect(await found()).toEqual({ code: 0, error: undefined });
    const known = inventory.hosts.balancer;
    inventory.hosts.balancer = [
      { name: 'wcs-lb', address: '192.0.2.50', ssh: { address: balancer.address } },
    ];
    await save();
    const refusing = await clusterproxy('apply', '--yes');
    expect(refusing.code).toBe(0);
    expect(statuses(refusing.document)).toEqual({
      'wcs-lb': 'in-sync',
      'wcs-01': 'changed',
      'wcs-02': 'changed',
    });
    expect(agentWarnings(refusing.document)).toEqual([
      expect.stringMatching(/the agents' answers to HAProxy; found: wcs-01: .*wcs-02: .*`agent_allow`/),
    ]);
    expect(await found()).toEqual({
      code: 4,
      error: expect.objectContaining({
        code: 'answers-wrongly',
        message: expect.stringMatching(/wcs-01: .*wcs-02: /),
        next: expect.stringContaining('`agent_allow`'),
      }),
    });
    inventory.vars.agent_allow = [balancer.address];
    await save();
    const mended = await clusterproxy('apply', '--yes');
    expect(mended.code).toBe(0);
    expect(agentWarnings(mended.document)).toEqual([]);
    expect(await found()).toEqual({ code: 0, error: undefined });
    delete inventory.vars.agent_allow;
    inventory.hosts.balancer = known;
    await save();
    expect((await clusterproxy('apply', '--yes')).code).toBe(0);
  });

  it('gives everything back when the whole of it is taken down', async () => {
    inventory.hosts.balancer = inventory.hosts.balancer.map((host) => ({ ...host, state: 'retired' }));
    inventory.hosts.node = inventory.hosts.node.map((host) => ({ ...host, state: 'retired' }));
    await save();
    const { code, document, stderr } = await clusterproxy('apply', '--yes');
    expect(code, stderr + JSON.stringify(document.hosts.map((host) => host.error))).toBe(0);
    for (const host of [balancer, ...nodes]) {
      const changed = differences(host, before.get(host.name) ?? new Map(), manifestOf(host));
      expect(
        changed.filter((path) => !/^\/var\/lib\/(wcs-standin|dpkg|apt)\//.test(path)),
        host.name,
      ).toEqual([]);
    }
    expect((await nodes[0]?.exec(['test', '-e', agent]))?.code).toBe(1);
  });

  it('gives a balancer back whose HAProxy was disabled and did not run, by rollback and by retire', async () => {
    const balancerState = (state: string) => inventory.hosts.balancer.map((host) => ({ ...host, state }));
    const haproxy = async () =>
      (await balancer.exec('systemctl is-enabled haproxy; systemctl is-active haproxy')).stdout.trim();
    await balancer.mustExec('systemctl disable --now haproxy');
    const stock = await balancer.readFile('/etc/haproxy/haproxy.cfg');
    inventory.hosts.balancer = balancerState('active');
    inventory.hosts.node = inventory.hosts.node.map((host) => ({ ...host, state: 'active' }));
    await save();
    for (const command of ['rollback', 'apply']) {
      const set = await clusterproxy('apply', '--yes', '--limit', 'wcs-lb');
      expect(set.code, JSON.stringify(set.document.hosts.map((host) => host.error))).toBe(0);
      expect(await haproxy()).toBe('enabled\nactive');
      if (command === 'apply') {
        inventory.hosts.balancer = balancerState('retired');
        inventory.hosts.node = inventory.hosts.node.map((host) => ({ ...host, state: 'retired' }));
        await save();
      }
      const given = await clusterproxy(command, '--yes');
      expect(given.code, JSON.stringify(given.document.hosts.map((host) => host.error))).toBe(0);
      expect(statuses(given.document)['wcs-lb']).toBe('changed');
      expect(hostOf(given.document, 'wcs-lb').handlers.map(({ id }) => id)).not.toContain('reload-haproxy');
      expect(await haproxy()).toBe('disabled\ninactive');
      expect(await balancer.readFile('/etc/haproxy/haproxy.cfg')).toEqual(stock);
    }
  });
});

/** The certificate of the lab expires soon, which is told as well. */
function agentWarnings(document: ReportDocument): readonly string[] {
  return hostOf(document, 'wcs-lb').warnings.filter((one) => one.includes('agent'));
}

/** A part of the product; its upgrade restarts the server, as the real one does. */
const part = (version: string): TestPackage => ({
  name: 'wcs-part',
  version,
  files: { '/usr/share/wcs-part/version': version },
  ...(version === '1.0' ? {} : { postinst: 'systemctl restart webcallserver' }),
});

async function installNode(host: LabHost): Promise<void> {
  await installWebCallServer(host);
  await offerDebianPackages(host, [part('1.0'), part('2.0')]);
}

/** Web Call Server on a host without xinetd. */
async function removeXinetd(host: LabHost): Promise<void> {
  await installNode(host);
  await host.mustExec(['dpkg', '--purge', 'xinetd']);
}
