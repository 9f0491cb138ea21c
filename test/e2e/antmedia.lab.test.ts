import { createSocket } from 'node:dgram';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { connect, type PeerCertificate } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/model/change.ts';
import { type AcmeServer, startAcmeServer, withoutAcme } from '../lab/acme.ts';
import { installAntMedia, offerStreamModule, withoutStream } from '../lab/antmedia/install.ts';
import { Publisher, untilReceived, withoutRtmp } from '../lab/antmedia/rtmp.ts';
import { Audience } from '../lab/audience.ts';
import { startOf } from '../lab/day.ts';
import { tellHaproxy, untilStatus } from '../lab/haproxy.ts';
import type { LabHost } from '../lab/host.ts';
import { offerDebianPackages, type TestPackage } from '../lab/packages.ts';
import { CERTIFICATE } from '../lab/prepare-host.ts';
import { WebSocketClient } from '../lab/wcs/install.ts';
import { hostOf, statuses } from './cluster.ts';
import { noLab, useLab } from './lab.ts';
import { differences, type Manifest, manifestOf } from './manifest.ts';
import { clusterproxyJson, hastyMain } from './program.ts';

const hostname = 'media.example.com';
const renewed = 'renewed.example.com';
for (const reason of [withoutRtmp, withoutStream, withoutAcme])
  if (reason) console.warn(`Tests are skipped: ${reason}`);

describe.skipIf(noLab)('a balancer and two nodes with Ant Media Server', () => {
  const lab = useLab();
  let balancer: LabHost;
  let second: LabHost;
  let nodes: readonly LabHost[];
  let before: ReadonlyMap<string, Manifest>;
  let acme: AcmeServer | undefined;
  const open: { close(): void }[] = [];
  let file: string;
  const inventory = {
    playbook: 'antmedia',
    cluster: { name: 'media', hostname },
    windows: 'anytime',
    ssh: {},
    vars: {
      certificate_from: 'files',
      certificate: CERTIFICATE.fullchain,
      certificate_key: CERTIFICATE.privateKey,
    } as Record<string, unknown>,
    hosts: { balancer: [] as object[], node: [] as { name: string; address: string; vars?: object }[] },
  };

  const save = () => writeFile(file, JSON.stringify(inventory, null, 2));
  const clusterproxy = (command: string, ...args: readonly string[]) =>
    clusterproxyJson(lab(), [command, '--inventory', file, ...args], hastyMain);
  const apply = async (...args: readonly string[]) => {
    await save();
    const { code, document, stderr } = await clusterproxy('apply', '--yes', ...args);
    expect(code, stderr + JSON.stringify(document.hosts.map((host) => host.error))).toBe(0);
    return document;
  };
  const curl = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await lab().run('curl', [
      ...['-sS', '--max-time', '20', '--cacert', lab().authority.certificate],
      ...args,
    ]);
    expect(code, stderr).toBe(0);
    return stdout;
  };
  const ask = async (...args: readonly string[]) => JSON.parse(await curl(...args));
  const webSocket = async (port: number, at = balancer) => {
    const client = await WebSocketClient.open(at.address, { port, secure: true });
    open.push(client);
    return client;
  };
  const publish = (url: string) => {
    const publisher = new Publisher(url);
    open.push({ close: () => publisher.stop() });
    return publisher;
  };
  const serving = () =>
    Promise.all(nodes.map(({ name }) => untilStatus(balancer, ['ams_origin', name], { status: 'UP' })));

  /** Does something while people come and go; nothing may happen to them meanwhile. */
  async function whileOpen<Result>(work: () => Promise<Result>): Promise<Result> {
    const audience = new Audience({ balancer, backend: 'ams_origin', page: '/LiveApp/' });
    const result = await audience.during(work);
    const { held, answered, mostOut, ...bad } = audience.counters;
    console.warn('WebSockets of Ant Media Server:', JSON.stringify(audience.counters));
    expect(bad, audience.troubles.join('\n')).toEqual({ cut: 0, refused: 0, failed: 0 });
    expect(mostOut).toBeLessThan(2);
    expect(Math.min(held, answered)).toBeGreaterThan(10);
    return result;
  }
  /** From now on the playbook sets something on the nodes as well, after which the server restarts. */
  async function extendPlaybook(): Promise<void> {
    const text = `
name: mine
description: Ant Media Server, and a setting of its nodes
extends: antmedia
roles:
  node:
    steps:
      - id: limit
        properties: {path: /usr/local/antmedia/conf/red5.properties, set: {server.cpu_limit: 70}}
        notify: restart-antmedia
`;
    await writeFile(join(dirname(file), 'mine.yaml'), text);
    inventory.playbook = './mine.yaml';
    await save();
  }

  beforeAll(async () => {
    const added = await lab().addHosts([
      {
        name: 'media-lb',
        hostnames: ['media-lb.example.com', hostname],
        services: ['haproxy'],
        prepare: offerStreamModule,
      },
      {
        name: 'media-lb-2',
        hostnames: ['media-lb-2.example.com', renewed],
        services: ['haproxy'],
        // The lab's hosts renew nothing by themselves.
        prepare: async (host) => void (await host.mustExec(['systemctl', 'unmask', 'certbot.timer'])),
      },
      { name: 'ams-1', prepare: installNode },
      { name: 'ams-2', prepare: installNode },
    ]);
    const [first, other] = added;
    if (first === undefined || other === undefined) throw new Error('no hosts');
    balancer = first;
    second = other;
    nodes = added.slice(2);
    const folder = join(lab().directory, 'clusters', 'media');
    await mkdir(folder, { recursive: true });
    file = join(folder, 'inventory.yaml');
    inventory.ssh = {
      ...{ user: 'ops', become: 'sudo', identity_files: [lab().sshKey], known_hosts: [lab().knownHosts] },
    };
    inventory.hosts.balancer = [{ name: balancer.name, address: balancer.address }];
    inventory.hosts.node = nodes.map(({ name, address }) => ({ name, address }));
    before = new Map(added.map((host) => [host.name, manifestOf(host)]));
  });
  afterAll(() => {
    for (const one of open) one.close();
    acme?.stop();
  });

  it('becomes a cluster by one apply, and a second one changes nothing', async () => {
    expect(statuses(await apply())).toEqual({
      'media-lb': 'changed',
      'ams-1': 'in-sync',
      'ams-2': 'in-sync',
    });
    await serving();
    const disks = new Map([balancer, ...nodes].map((host) => [host.name, manifestOf(host)]));
    expect(new Set(Object.values(statuses(await apply())))).toEqual(new Set(['in-sync']));
    for (const host of [balancer, ...nodes]) {
      expect(differences(host, disks.get(host.name) ?? new Map(), manifestOf(host))).toEqual([]);
    }
  });

  it.each([443, 5443])('takes requests and WebSockets through TLS at port %i', async (port) => {
    const url = `https://${hostname}:${port}/LiveApp/rest/v2/broadcasts/list`;
    const said = await ask('-H', 'X-Forwarded-For: 192.0.2.66', '-H', 'X-Forwarded-Proto: http', url);
    expect(said).toMatchObject({ 'x-forwarded-proto': 'https', 'x-forwarded-port': String(port) });
    expect(said['x-forwarded-for']).toMatch(/^10\.213\.\d+\.1$/);
    const found = new Set<string>();
    for (let index = 0; index < 6; index++) {
      const client = await webSocket(port);
      found.add(client.node);
      expect(client.clientAddress).toMatch(/^10\.213\.\d+\.1$/);
      expect(await client.echoes('anybody there')).toBe(true);
      client.close();
    }
    expect([...found].sort()).toEqual(['ams-1', 'ams-2']);
  });

  it('leads http to https at the port where TLS is, and a POST stays one', async () => {
    const redirect = (url: string) => curl('-o', '/dev/null', '-w', '%{http_code} %{redirect_url}', url);
    expect(await redirect(`http://${hostname}/a?b=c`)).toBe(`301 https://${hostname}/a?b=c`);
    expect(await redirect(`http://${hostname}:5080/a?b=c`)).toBe(`308 https://${hostname}:5443/a?b=c`);
    const posted = await ask('-L', '-d', '{}', `http://${hostname}:5080/LiveApp/rest/v2/broadcasts/create`);
    expect(posted).toMatchObject({ method: 'POST', 'x-forwarded-proto': 'https' });
  });

  it('refuses TLS before 1.2', async () => {
    const old = ['--tlsv1.0', '--tls-max', '1.1', '--ciphers', 'DEFAULT@SECLEVEL=0'];
    const { code } = await lab().run('curl', ['-sk', ...old, `https://${hostname}/`]);
    expect(code).toBe(35);
    expect(await curl('--tlsv1.3', '-o', '/dev/null', '-w', '%{http_version}', `https://${hostname}/`)).toBe(
      '2',
    );
  });

  it.each(['all', 'hls'])('brings HLS players back to their node where %s is sticky', async (stickiness) => {
    inventory.vars.stickiness = stickiness;
    await apply();
    await serving();
    const visit = async (jar: string, path: string) =>
      ask('-b', jar, '-c', jar, `https://${hostname}:5443/LiveApp/streams/${path}`);
    const homes = new Set<string>();
    for (let player = 0; player < 4; player++) {
      const jar = join(lab().directory, `jar-${stickiness}-${player}`);
      const { node } = await visit(jar, 'a.m3u8');
      homes.add(node);
      for (let segment = 0; segment < 4; segment++) {
        const said = await visit(jar, `a${segment}.ts`);
        expect(said.node).toBe(node);
        // The node's name before it is HAProxy's business alone.
        expect(said.session).toMatch(/^[0-9A-F]{32}$/);
      }
      const others = [
        await visit(jar, 'x'),
        await visit(jar, 'y'),
        await visit(jar, 'z'),
        await visit(jar, 'w'),
      ];
      const stay = others.every((said) => said.node === node);
      expect(stay).toBe(stickiness === 'all');
      // The web panel's login is known to one node.
      const panel = await Promise.all(
        [1, 2, 3].map(() => ask('-b', jar, `https://${hostname}/rest/v2/version`)),
      );
      expect(new Set(panel.map((said) => said.node))).toEqual(new Set([node]));
    }
    expect([...homes].sort()).toEqual(['ams-1', 'ams-2']);
  });

  it('puts a node off that has somebody, by what it says itself and by who is connected', async () => {
    await extendPlaybook();
    const [first] = nodes;
    if (first === undefined) throw new Error('no node');
    const words = async () => {
      const { code, document } = await clusterproxy('apply', '--yes', '--limit', first.name);
      expect(code).toBe(5);
      expect(hostOf(document, first.name).status).toBe('deferred');
      return hostOf(document, first.name).error?.message ?? '';
    };
    const stream = { streamId: 'a', status: 'broadcasting', originAdress: first.address };
    await first.writeFile('/run/antmedia-broadcasts', JSON.stringify([stream]));
    expect(await words()).toContain('streams and who is connected: 1');
    await first.writeFile(
      '/run/antmedia-broadcasts',
      JSON.stringify([{ ...stream, originAdress: '192.0.2.9' }]),
    );
    await first.writeFile('/run/antmedia-statistics', '{"totalHLSWatchersCount":0}');
    const clients = [await webSocket(443), await webSocket(443)];
    expect(clients.map(({ node }) => node)).toContain(first.name);
    expect(await words()).toContain('streams and who is connected: 1');
    for (const client of clients) client.close();
    await first.mustExec('rm /run/antmedia-broadcasts /run/antmedia-statistics');
  });

  it('changes, and then restarts, node by node, and nobody is cut', async () => {
    const changed = await whileOpen(() => clusterproxy('apply', '--yes', '--when-busy', 'drain'));
    expect(changed.code, changed.stderr).toBe(0);
    expect(statuses(changed.document)).toEqual({
      ...{ 'media-lb': 'in-sync', 'ams-1': 'changed', 'ams-2': 'changed' },
    });
    for (const { name } of nodes) {
      expect(hostOf(changed.document, name).handlers.map(({ id }) => id)).toEqual(['restart-antmedia']);
    }
    const before = await Promise.all(nodes.map(startOf));
    const restarted = await whileOpen(() => clusterproxy('reboot', '--yes', '--when-busy', 'drain'));
    expect(restarted.code, restarted.stderr).toBe(0);
    expect(statuses(restarted.document)).toEqual({
      ...{ 'media-lb': 'skipped', 'ams-1': 'changed', 'ams-2': 'changed' },
    });
    const after = await Promise.all(nodes.map(startOf));
    expect(after.some((start, index) => start === before[index])).toBe(false);
    await balancer.mustExec('test ! -e /var/lib/clusterproxy/cordons/media');
    inventory.playbook = 'antmedia';
    await apply();
  });

  it('is upgraded node by node, and nobody is cut', async () => {
    const script = 'apt-get -qq update && exec apt-get -qq -y install ams-part=2.0\n';
    await writeFile(join(dirname(file), 'upgrade.sh'), script);
    const upgradeCommand = { script: 'upgrade.sh', sha256: sha256(Buffer.from(script)), time_limit: '5m' };
    Object.assign(inventory, { upgrade_command: upgradeCommand });
    await save();
    for (const node of nodes) {
      await node.mustExec('apt-get -qq update && apt-get -qq -y install ams-part=1.0');
    }
    const upgraded = await whileOpen(() => clusterproxy('upgrade', '--yes', '--soak', '0'));
    expect(upgraded.code, upgraded.stderr + JSON.stringify(upgraded.document.hosts)).toBe(0);
    for (const node of nodes) {
      expect(await node.mustExec('dpkg -s ams-part')).toContain('Version: 2.0\n');
      await node.mustExec('dpkg --purge ams-part');
    }
    await serving();
  });

  it('loses a node and gets it back, and nobody is cut', async () => {
    const [, second] = nodes;
    if (second === undefined) throw new Error('no node');
    const left = await whileOpen(() => clusterproxy('leave', '--yes', second.name));
    expect(left.code, left.stderr + JSON.stringify(left.document.hosts)).toBe(0);
    const servers = await tellHaproxy(balancer, 'show servers state');
    expect(servers).toContain(' ams_origin 1 ams-1 ');
    expect(servers.includes(` ${second.name} `)).toBe(false);
    // It wasn't left before everybody was gone.
    const clients = await second.mustExec("ss -Htn state established '( sport = :5080 )'");
    expect(clients).toBe('');
    const joined = await clusterproxy('join', '--yes', second.name);
    expect(joined.code, joined.stderr + JSON.stringify(joined.document.hosts)).toBe(0);
    await serving();
    await balancer.mustExec('test ! -e /var/lib/clusterproxy/cordons/media');
  });

  it('sends nobody to a node that is not well, for RTMP neither', async () => {
    await nodes[0]?.mustExec(['systemctl', 'stop', 'antmedia.service']);
    for (const backend of ['ams_origin', 'ams_edge', 'ams_hls', 'ams_rtmp']) {
      await untilStatus(balancer, [backend, 'ams-1'], { status: 'DOWN' });
    }
    for (let index = 0; index < 4; index++) {
      expect((await ask(`https://${hostname}/`)).node).toBe('ams-2');
    }
    const { document } = await clusterproxy('plan');
    expect(hostOf(document, 'ams-1').warnings.join('\n')).toContain('antmedia.service');
    await nodes[0]?.mustExec(['systemctl', 'start', 'antmedia.service']);
    await serving();
  });

  it.skipIf(withoutRtmp !== undefined)(
    'passes real RTMP and RTMPS on, and neither they nor WebSockets end when groups are made',
    async () => {
      inventory.vars.rtmps = true;
      await apply();
      await serving();
      const plain = publish(`rtmp://${balancer.address}/live/plain`);
      const secure = publish(`rtmps://${balancer.address}:8443/live/secure`);
      const client = await webSocket(443);
      const first = await untilReceived(nodes, 'plain', { publisher: plain });
      const other = await untilReceived(nodes, 'secure', { publisher: secure });

      inventory.hosts.node = nodes.map(({ name, address }, index) => ({
        ...{ name, address, vars: { group: index === 0 ? 'origin' : 'edge' } },
      }));
      await apply();
      await untilStatus(balancer, ['ams_rtmp', 'ams-1'], { status: 'UP' });
      expect(await tellHaproxy(balancer, 'show stat')).not.toContain('ams_rtmp,ams-2,');
      const on = await untilReceived([first.node], 'plain', { more: first.bytes, publisher: plain });
      await untilReceived([other.node], 'secure', { more: other.bytes, publisher: secure });
      await untilReceived([on.node], 'plain', { more: on.bytes, publisher: plain });
      expect([plain.ended, secure.ended, client.closed]).toEqual([false, false, false]);
      expect(await client.echoes('still here')).toBe(true);
      plain.stop();
      secure.stop();
      client.close();
    },
  );

  it('publishes to origins and plays from edges', async () => {
    inventory.hosts.node = nodes.map(({ name, address }, index) => ({
      ...{ name, address, vars: { group: index === 0 ? 'origin' : 'edge' } },
    }));
    await apply();
    await untilStatus(balancer, ['ams_origin', 'ams-1'], { status: 'UP' });
    await untilStatus(balancer, ['ams_edge', 'ams-2'], { status: 'UP' });
    const node = async (path: string) => (await ask(`https://${hostname}${path}`)).node;
    expect(await node('/LiveApp/')).toBe('ams-1');
    expect(await node(':5443/LiveApp/')).toBe('ams-2');
    expect(await node('/LiveApp/?target=edge')).toBe('ams-2');
    expect(await node(':5443/LiveApp/?target=origin')).toBe('ams-1');
    expect(await node('/LiveApp/streams/a.m3u8')).toBe('ams-2');
    expect((await webSocket(443)).node).toBe('ams-1');
    expect((await webSocket(5443)).node).toBe('ams-2');
  });

  it('shows its statistics page to who has the password, on the balancer alone', async () => {
    Object.assign(inventory.vars, { statistics: true, statistics_password: 'correct-horse' });
    await apply();
    const status = (...args: readonly string[]) =>
      balancer.exec(['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', ...args]);
    const page = 'http://127.0.0.1:8404/haproxy_stats';
    expect((await status(page)).stdout).toBe('401');
    expect((await status('-u', 'admin:correct-horse', page)).stdout).toBe('200');
    expect((await status(page.replace('127.0.0.1', balancer.address))).code).toBe(7);
  });

  it('has HAProxy tell what it does beside a secret, on the balancer alone, and stops without a trace', async () => {
    const disk = manifestOf(balancer);
    const told = (address: string) =>
      balancer.exec(['curl', '-s', '-f', '-m', '5', `http://${address}:8405/metrics`]);
    inventory.vars.door_metrics = true;
    await apply();
    expect((await told('127.0.0.1')).stdout).toContain(
      'haproxy_server_status{proxy="ams_origin",server="ams-1",state="UP"} 1\n',
    );
    // curl's word for a connection that nobody takes.
    expect((await told(balancer.address)).code).toBe(7);
    const agent = await clusterproxy('monitoring', 'agent');
    expect(agent.code, agent.stderr).toBe(0);
    expect(agent.stdout).toContain('127.0.0.1:8405');
    expect(agent.stdout).not.toContain('correct-horse');
    inventory.vars.door_metrics = false;
    await apply();
    expect((await told('127.0.0.1')).code).toBe(7);
    expect(differences(balancer, disk, manifestOf(balancer))).toEqual([]);
  });

  it.skipIf(withoutStream !== undefined)(
    'passes packets on by nginx where SRT is, and puts off what would end a stream',
    async () => {
      inventory.hosts.node = nodes.map(({ name, address }) => ({ name, address }));
      inventory.vars.srt = 'nginx';
      const document = await apply();
      expect(hostOf(document, balancer.name).status).toBe('changed');
      const streams = await Promise.all([1, 2, 3, 4].map(() => Packets.open(balancer.address, 4200)));
      open.push(...streams);
      expect(new Set(streams.map(({ node }) => node))).toEqual(new Set(['ams-1', 'ams-2']));
      for (const stream of streams) expect(await stream.send('more')).toBe(`${stream.node} more`);

      inventory.hosts.node = nodes.map(({ name, address }, index) => ({
        ...{ name, address, vars: { group: index === 0 ? 'both' : 'edge' } },
      }));
      await save();
      const busy = await clusterproxy('apply', '--yes');
      expect(busy.code).toBe(5);
      expect(statuses(busy.document)['media-lb']).toBe('deferred');
      for (const stream of streams) expect(await stream.send('still')).toBe(`${stream.node} still`);
      delete inventory.vars.srt;
      for (const stream of streams) stream.close();
      const until = Date.now() + 90_000;
      const quiet = async () =>
        (await balancer.exec("ss -Hun state established '( dport = :4200 )'")).stdout === '';
      while (!(await quiet()) && Date.now() < until)
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      await apply();
      expect((await balancer.exec(['systemctl', 'is-active', 'clusterproxy-srt.service'])).stdout).toBe(
        'inactive\n',
      );
    },
  );

  describe.skipIf(withoutAcme !== undefined)('with a certificate by certbot', () => {
    beforeAll(async () => {
      acme = await startAcmeServer(lab());
    });

    it('fetches one on a fresh balancer, and a second apply changes nothing', async () => {
      // A cluster of its own: the other balancer keeps its name.
      inventory.cluster = { name: 'renewed', hostname: renewed };
      inventory.hosts.balancer = [{ name: second.name, address: second.address }];
      inventory.hosts.node = nodes.map(({ name, address }) => ({ name, address }));
      inventory.vars = { certificate_authority: acme?.url, rtmps: true };
      const document = await apply();
      expect(hostOf(document, second.name).status).toBe('changed');
      const { issuer, subjectaltname } = await certificateOf(second);
      expect(issuer.CN).toMatch(/^Pebble Intermediate CA/);
      expect(subjectaltname).toBe(`DNS:${renewed}`);
      expect(await second.mustExec(['stat', '-c', '%a %U', `/etc/haproxy/certs/${renewed}.pem`])).toBe(
        '600 root\n',
      );
      expect(new Set(Object.values(statuses(await apply())))).toEqual(new Set(['in-sync']));
    });

    it('renews it while everything works, and ends no session', async () => {
      for (const { name } of nodes) await untilStatus(second, ['ams_origin', name], { status: 'UP' });
      const old = await certificateOf(second);
      const pid = await haproxyProcess(second);
      const clients = [await webSocket(443, second), await webSocket(5443, second)];
      const publishers = withoutRtmp
        ? []
        : [publish(`rtmp://${second.address}/live/one`), publish(`rtmps://${second.address}:8443/live/two`)];
      const arrived = await Promise.all(
        publishers.map((publisher, index) =>
          untilReceived(nodes, ['one', 'two'][index] ?? '', { publisher }),
        ),
      );
      const requests = new Requests(`https://${second.address}/LiveApp/`, lab());

      await second.mustExec(['certbot', 'renew', '-q', '--force-renewal', '--no-random-sleep-on-renew']);
      const now = await certificateOf(second);
      expect(now.serialNumber).not.toBe(old.serialNumber);
      expect(now.issuer.CN).toMatch(/^Pebble/);
      expect(await requests.stop()).toEqual([]);
      for (const client of clients) expect(await client.echoes('still here')).toBe(true);
      for (const [index, publisher] of publishers.entries()) {
        const { node, bytes } = arrived[index] ?? { node: second, bytes: 0 };
        const stream = ['one', 'two'][index] ?? '';
        await untilReceived([node], stream, { more: bytes, publisher });
        expect(publisher.ended, publisher.said).toBe(false);
      }
      // The very process took it: nothing was reloaded.
      expect(await haproxyProcess(second)).toBe(pid);
      expect(await second.mustExec('ls -A /etc/haproxy/certs')).toBe(`${renewed}.pem\n`);
      const { code, document } = await clusterproxy('check');
      expect(code, JSON.stringify(document.hosts)).toBe(0);
    });

    it('reloads HAProxy where that does not take it by itself, and sessions go on as well', async () => {
      const old = await certificateOf(second);
      const client = await webSocket(443, second);
      const pid = await haproxyProcess(second);
      const hook = '/etc/letsencrypt/renewal-hooks/deploy/clusterproxy-haproxy';
      const text = (await second.readFile(hook)).toString();
      await second.writeFile(hook, text.replace(/^socket=.*/m, 'socket=/run/nowhere'), 0o755);
      await second.mustExec(['certbot', 'renew', '-q', '--force-renewal', '--no-random-sleep-on-renew']);
      await second.writeFile(hook, text, 0o755);
      expect((await certificateOf(second)).serialNumber).not.toBe(old.serialNumber);
      expect(await haproxyProcess(second)).not.toBe(pid);
      expect(await client.echoes('still here')).toBe(true);
    });

    it('keeps a certificate that works where the renewed one would not', async () => {
      const old = await certificateOf(second);
      const live = `/etc/letsencrypt/live/${renewed}`;
      const broken = `/tmp/${renewed}`;
      await second.mustExec(
        `mkdir ${broken} && cp -L ${live}/fullchain.pem ${broken} && openssl genrsa 2048 > ${broken}/privkey.pem`,
      );
      const { code, stderr } = await second.exec(
        `RENEWED_LINEAGE=${broken} /etc/letsencrypt/renewal-hooks/deploy/clusterproxy-haproxy`,
      );
      expect(code).toBe(1);
      expect(stderr).toContain('goes on with the old one');
      await second.mustExec(['systemctl', 'reload', 'haproxy.service']);
      expect((await certificateOf(second)).serialNumber).toBe(old.serialNumber);
      expect(await second.mustExec('ls -A /etc/haproxy/certs')).toBe(`${renewed}.pem\n`);
    });

    it('is given back with what was there before', async () => {
      inventory.hosts.balancer = [{ name: second.name, address: second.address, state: 'retired' }];
      // The nodes stay, and clients of the tests above are still on them.
      const document = await apply('--force');
      expect(hostOf(document, second.name).warnings.join('\n')).not.toContain('/etc/haproxy/certs');
      const changed = differences(second, before.get(second.name) ?? new Map(), manifestOf(second));
      // What certbot has made stays, and its log; the file that its renewals made anew has their key in it.
      const certbots = /^\/(etc\/letsencrypt|var\/l(ib|og)\/letsencrypt|tmp)/;
      expect(changed.filter((path) => !certbots.test(path))).toEqual([]);
    });
  });
});

/** What a balancer's port 443 shows. */
function certificateOf(host: LabHost): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: host.address, port: 443, servername: renewed, rejectUnauthorized: false });
    socket.setTimeout(20_000, () => socket.destroy(new Error('no answer')));
    socket.once('error', reject).once('secureConnect', () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
  });
}

/** The process of HAProxy that takes connections now. */
async function haproxyProcess(host: LabHost): Promise<string> {
  return /^Pid: (\d+)$/m.exec(await tellHaproxy(host, 'show info'))?.[1] ?? '';
}

/** A sender of UDP packets, to whom each comes back with a node's name before it. */
class Packets {
  readonly #socket = createSocket('udp4');
  readonly #to: { readonly address: string; readonly port: number };
  node = '';

  private constructor(address: string, port: number) {
    this.#to = { address, port };
  }

  static async open(address: string, port: number): Promise<Packets> {
    const packets = new Packets(address, port);
    packets.node = (await packets.send('hello')).split(' ')[0] ?? '';
    return packets;
  }

  send(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error('no packet came back')), 20_000);
      this.#socket.once('message', (data) => {
        clearTimeout(limit);
        resolve(data.toString());
      });
      this.#socket.send(text, this.#to.port, this.#to.address);
    });
  }

  close(): void {
    try {
      this.#socket.close();
    } catch {
      // It's closed already.
    }
  }
}

/** Requests one after the other, each on a new connection, until it's stopped. */
class Requests {
  readonly #done: Promise<readonly string[]>;
  #stopped = false;

  constructor(url: string, lab: ReturnType<ReturnType<typeof useLab>>) {
    const ask = async () => {
      const failed: string[] = [];
      while (!this.#stopped) {
        const { code, stdout } = await lab.run('curl', ['-sk', '-o', '/dev/null', '-w', '%{http_code}', url]);
        if (code !== 0 || stdout !== '200') failed.push(`${code} ${stdout}`);
      }
      return failed;
    };
    this.#done = ask();
  }

  /** What went wrong. */
  stop(): Promise<readonly string[]> {
    this.#stopped = true;
    return this.#done;
  }
}

/** A part of the product; its upgrade restarts the server. */
const part = (version: string): TestPackage => ({
  name: 'ams-part',
  version,
  files: { '/usr/share/ams-part/version': version },
  ...(version === '1.0' ? {} : { postinst: 'systemctl restart antmedia' }),
});

async function installNode(host: LabHost): Promise<void> {
  await installAntMedia(host);
  await offerDebianPackages(host, [part('1.0'), part('2.0')]);
}
