import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labAvailable } from '../lab/available.ts';
import { serverStatus, tellHaproxy, untilStatus } from '../lab/haproxy.ts';
import type { LabHost } from '../lab/host.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { agentProgram, installWebCallServer, setStatistics, WebSocketClient } from '../lab/wcs/install.ts';
import { layOut } from '../support/lay-out.ts';
import { runStep } from '../support/run-step.ts';
import { everyThreshold, idle, keys, thresholds, traffic } from './thresholds.ts';

const availability = await labAvailable();
if (!availability.available) console.warn(`Tests on real hosts are skipped: ${availability.reason}`);

const program = '/usr/local/bin/haproxy-agent-check.sh';
const saveState = '/usr/local/sbin/haproxy-save-state.sh';
const stateFile = '/run/haproxy-state/servers';
const config = '/etc/haproxy/haproxy.cfg';
const agentSettings = '/etc/haproxy-agent-check.conf';

// The machine that the lab runs on may be busy: the processor is no threshold where a test doesn't say so.
const usualThresholds = 'publishers 100 hls 100';

describe.skipIf(!availability.available)('agents behind HAProxy', () => {
  let lab: Lab;
  let balancer: LabHost;
  let nodes: readonly LabHost[];

  beforeAll(async () => {
    lab = await startLab([
      { name: 'lb', services: ['haproxy'] },
      { name: 'wcs-01', services: ['xinetd'], prepare: installWebCallServer },
      { name: 'wcs-02', prepare: installWebCallServer },
    ]);
    balancer = lab.host('lb');
    nodes = [lab.host('wcs-01'), lab.host('wcs-02')];
    await Promise.all([setUpXinetd(lab.host('wcs-01')), setUpSocket(lab.host('wcs-02')), setUpBalancer()]);
    for (const { name } of nodes) await settled(name, '100');
  });
  afterAll(() => lab?.destroy());

  const settled = (name: string, weight: string, last: string | RegExp = '') =>
    untilStatus(balancer, ['wcs', name], {
      status: 'UP',
      weight,
      ...(last === '' ? {} : { last_agt: last }),
    });

  /** A reload doesn't wait: until the new process has the socket, the old one answers. */
  const settledAt = (name: string, addr: RegExp) =>
    untilStatus(balancer, ['wcs', name], { status: 'UP', weight: '100', addr });

  async function setUpAgent(host: LabHost): Promise<void> {
    await host.writeFile(program, await agentProgram(), 0o755);
    await watch(host, usualThresholds);
  }

  /** What the agent of a host looks at from now on. */
  function watch(host: LabHost, names: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
    const settings = { thresholds: names, statistics_timeout: '2', ...more };
    const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
    return host.writeFile(agentSettings, lines.join(''));
  }

  const agent = () => ({
    name: 'haproxy-agent-check',
    port: 9707,
    hosts: [{ name: 'lb', address: balancer.address }],
  });

  async function setUpXinetd(host: LabHost): Promise<void> {
    await setUpAgent(host);
    await host.writeFile(
      '/etc/tmpfiles.d/haproxy-agent-check.conf',
      'd /run/haproxy-agent 0700 nobody nogroup -\n',
    );
    await host.mustExec(['systemd-tmpfiles', '--create', 'haproxy-agent-check.conf']);
    const files = {
      '/etc/xinetd.conf': (await host.readFile('/etc/xinetd.conf')).toString(),
      '/etc/services': (await host.readFile('/etc/services')).toString(),
    };
    const listed = runStep('etc-services', { name: 'haproxy-agent-check', port: 9707 }, { files });
    await layOut(host, listed);
    const services = listed.text('/etc/services') ?? '';
    const wanted = { ...agent(), listed: true, server: program };
    await layOut(host, runStep('xinetd-service', wanted, { files: { ...files, '/etc/services': services } }));
    await host.mustExec(['systemctl', 'restart', 'xinetd.service']);
  }

  async function setUpSocket(host: LabHost): Promise<void> {
    await setUpAgent(host);
    await layOut(
      host,
      runStep('socket-service', { ...agent(), program, description: 'Load of this host' }, {}),
    );
    await host.mustExec('systemctl daemon-reload && systemctl start haproxy-agent-check.socket');
  }

  async function setUpBalancer(): Promise<void> {
    await balancer.writeFile(saveState, await saveStateProgram(), 0o755);
    const unit = '/lib/systemd/system/haproxy.service';
    const files = { [unit]: (await balancer.readFile(unit)).toString() };
    await layOut(balancer, runStep('haproxy-state', { program: saveState, path: stateFile }, { files }));
    await writeConfig();
    await balancer.mustExec('systemctl daemon-reload && systemctl reload haproxy.service');
    expect(await balancer.mustExec(['sh', '-c', `haproxy -c -f ${config} 2>&1`])).toBe(
      'Configuration file is valid\n',
    );
  }

  async function writeConfig(change: object = {}): Promise<void> {
    const wanted = {
      global: { server_state_file: stateFile },
      frontends: [{ name: 'clients', bind: [{ port: 80 }], default_backend: 'wcs' }],
      backends: [
        {
          name: 'wcs',
          cookie: { name: 'SERVERID', secure: false },
          set_client_address: 'X-Client-IP',
          check: { interval: '1s' },
          agent: { port: 9707, interval: '500ms' },
          weight: 100,
          maxconn: 1000,
          hosts: nodes.map(({ name, address }) => ({ name, address })),
          port: 8080,
        },
      ],
      ...change,
    };
    await layOut(balancer, runStep('haproxy', wanted, { files: { [config]: '' } }));
  }

  /** On which nodes these many new clients land. */
  async function places(count: number, cookie?: string): Promise<readonly string[]> {
    const found: string[] = [];
    for (let index = 0; index < count; index++) {
      const client = await WebSocketClient.open(balancer.address, cookie === undefined ? {} : { cookie });
      found.push(client.node);
      client.close();
    }
    return [...new Set(found)].sort();
  }

  /** A client that is on a node by its cookie. */
  async function openAt(name: string): Promise<WebSocketClient> {
    const client = await WebSocketClient.open(balancer.address, { cookie: `SERVERID=${name}` });
    expect(client.node).toBe(name);
    return client;
  }

  /** That a node is sent nobody new, but who has its cookie, and keeps a client that was there before. */
  async function onlyKeeps(name: string, open: WebSocketClient): Promise<void> {
    expect(await places(8)).toEqual(nodes.map((node) => node.name).filter((other) => other !== name));
    expect(await places(2, `SERVERID=${name}`), 'who has its cookie comes back').toEqual([name]);
    expect(await open.echoes('still here')).toBe(true);
    expect((await serverStatus(balancer, 'wcs', name)).weight).toBe('0');
  }

  it('answer the balancer and the host itself, and nobody else', async () => {
    for (const { name, address } of nodes) {
      const ask = ['curl', '-s', '--max-time', '5', `telnet://${address}:9707`];
      expect((await balancer.exec(ask, { input: '' })).stdout, name).toBe('up 100%\n');
      const itself = await lab.host(name).exec(['curl', '-s', 'telnet://127.0.0.1:9707'], { input: '' });
      expect(itself.stdout, name).toBe('up 100%\n');
      expect(await askFromHere(address), `${name} asked from this machine`).toBe('');
      for (const other of nodes.filter((node) => node.name !== name)) {
        expect((await other.exec(ask, { input: '' })).stdout, `${name} asked by ${other.name}`).toBe('');
      }
    }
  });

  it('run as somebody who owns nothing', async () => {
    const spy = '#!/bin/sh\necho "up 100% #user $(id -u)$(touch /etc/x 2> /dev/null && echo " wrote")"\n';
    for (const host of nodes) await host.writeFile(program, spy, 0o755);
    try {
      await settled('wcs-01', '100', 'via agent : up (user 65534)');
      // systemd.exec(5): users that it makes up have numbers from 61184 to 65519.
      const said = await untilStatus(balancer, ['wcs', 'wcs-02'], { last_agt: /\(user \d+\)/ });
      const [, user = ''] = /user (\d+)/.exec(said.last_agt ?? '') ?? [];
      expect(Number(user)).toBeGreaterThanOrEqual(61184);
      expect(Number(user)).toBeLessThanOrEqual(65519);
    } finally {
      for (const host of nodes) await host.writeFile(program, await agentProgram(), 0o755);
    }
    for (const { name } of nodes) await settled(name, '100', 'via agent : up');
  });

  it.each(['wcs-01', 'wcs-02'])(
    'grade the weight of %s, and send new clients elsewhere from a threshold on',
    async (name) => {
      const node = lab.host(name);
      const open = await openAt(name);
      expect(await places(8)).toEqual(['wcs-01', 'wcs-02']);

      await setStatistics(node, { streams_webrtc_in: 90 });
      await settled(name, '50', 'via agent : up (publishers 90 of 100)');
      await setStatistics(node, { streams_webrtc_in: 90, streams_hls: 100 });
      await settled(name, '0', 'via agent : up (publishers 90 of 100; hls 100 of 100)');
      await onlyKeeps(name, open);

      await setStatistics(node, {});
      await settled(name, '100', 'via agent : up');
      expect(await places(8)).toEqual(['wcs-01', 'wcs-02']);
      open.close();
    },
  );

  describe('that watch every threshold by the statistics page', () => {
    beforeAll(async () => {
      for (const node of nodes) {
        await setStatistics(node, idle);
        await watch(node, everyThreshold, keys);
      }
    });
    afterAll(async () => {
      for (const node of nodes) {
        await watch(node, usualThresholds);
        await setStatistics(node, {});
      }
    });

    it.each(thresholds)('send nobody new to $node over its threshold of $is', async (row) => {
      const node = lab.host(row.node);
      const words = (figures: object) => {
        const sum = Object.values(figures).reduce((one, other) => one + other, 0);
        return `via agent : up (${row.is} ${sum} of ${row.of})`;
      };
      const open = await openAt(row.node);
      try {
        await setStatistics(node, { ...idle, ...row.near });
        await settled(row.node, '50', words(row.near));
        await setStatistics(node, { ...idle, ...row.over });
        await settled(row.node, '0', words(row.over));
        await onlyKeeps(row.node, open);
      } finally {
        await setStatistics(node, idle);
        open.close();
      }
      await settled(row.node, '100', 'via agent : up');
    });
  });

  it('send nobody new to a node over a load average, where the page has no key', async () => {
    const node = lab.host('wcs-02');
    const open = await openAt(node.name);
    try {
      // Any load is over this; that of a machine that has just started may be none.
      await node.mustExec('while read -r load _ < /proc/loadavg && [ "$load" = 0.00 ]; do :; done');
      await watch(node, 'cpu 0.0001', { cpu_keys: 'not_on_the_page' });
      await settled(node.name, '0', /^via agent : up \(cpu [\d.]+ of 0\.0\)$/);
      await onlyKeeps(node.name, open);
    } finally {
      await watch(node, usualThresholds);
      open.close();
    }
    await settled(node.name, '100', 'via agent : up');
  });

  it.each([
    { is: 'band-in', other: 'band-out', name: 'wcs-01', from: 'lb', to: 'wcs-01' },
    { is: 'band-out', other: 'band-in', name: 'wcs-02', from: 'wcs-02', to: 'lb' },
  ])(
    'send nobody new to $name over $is of its interface, where the page has no key',
    async ({ is, other, name, from, to }) => {
      const node = lab.host(name);
      const stop = () => lab.host(from).exec(['systemctl', 'stop', 'traffic.service']);
      const open = await openAt(name);
      try {
        await watch(node, `${is} 0.5 ${other} 0.5`, { [`${is.replace('-', '_')}_keys`]: 'not_on_the_page' });
        const send = ['python3', '-c', traffic, lab.host(to).address];
        await lab.host(from).mustExec(['systemd-run', '--quiet', '--unit=traffic', ...send]);
        // In one direction alone: the other one is far from its threshold.
        await settled(name, '0', new RegExp(`^via agent : up \\(${is} [\\d.]+ of 0\\.5\\)$`));
        await onlyKeeps(name, open);
        await stop();
        await settled(name, '100', 'via agent : up');
      } finally {
        await stop();
        await watch(node, usualThresholds);
        open.close();
      }
    },
  );

  it.each(['wcs-01', 'wcs-02'])('keep the weight of %s while its statistics page hangs', async (name) => {
    const node = lab.host(name);
    await setStatistics(node, { streams_webrtc_in: 90 });
    await settled(name, '50');
    await node.writeFile('/var/lib/wcs-standin/hang', '');
    const status = await untilStatus(balancer, ['wcs', name], { weight: '50', agent_status: 'L7OK' });
    expect(status.status).toBe('UP');
    await eventually(async () => {
      const { last_agt: last = '', weight } = await untilStatus(balancer, ['wcs', name], { status: 'UP' });
      expect(weight).toBe('50');
      expect(last).toMatch(/the statistics page does not answer/);
    });
    await node.mustExec(['rm', '/var/lib/wcs-standin/hang']);
    await setStatistics(node, {});
    await settled(name, '100', 'via agent : up');
  });

  it("tell a node the client's own address, whatever the client says", async () => {
    const client = await WebSocketClient.open(balancer.address, { header: 'X-Client-IP: 203.0.113.66:1' });
    expect(client.clientAddress).toMatch(/^10\.213\.\d+\.1:\d+$/);
    client.close();
  });

  it("keep an operator's drain, a weight and open WebSockets over a reload, and forget them at a restart", async () => {
    const open = await WebSocketClient.open(balancer.address, { cookie: 'SERVERID=wcs-02' });
    await tellHaproxy(balancer, 'set server wcs/wcs-02 state drain');
    await untilStatus(balancer, ['wcs', 'wcs-02'], { status: /^DRAIN/ });
    for (let reload = 0; reload < 2; reload++) {
      await balancer.mustExec(['systemctl', 'reload', 'haproxy.service']);
      const { status } = await serverStatus(balancer, 'wcs', 'wcs-02');
      expect(status).toMatch(/^DRAIN/);
      expect(await places(4)).toEqual(['wcs-01']);
      expect(await open.echoes(`reload ${reload}`)).toBe(true);
    }
    await tellHaproxy(balancer, 'set server wcs/wcs-02 state ready');
    await settled('wcs-02', '100');
    await balancer.mustExec(['systemctl', 'reload', 'haproxy.service']);
    await settled('wcs-02', '100');
    expect(open.closed).toBe(false);

    await tellHaproxy(balancer, 'set server wcs/wcs-02 state drain');
    await balancer.mustExec(['systemctl', 'reload', 'haproxy.service']);
    await balancer.mustExec(['systemctl', 'restart', 'haproxy.service']);
    await settled('wcs-02', '100');
    open.close();
  });

  it('do not give a new server the drain of one whose name it has', async () => {
    await tellHaproxy(balancer, 'set server wcs/wcs-02 state drain');
    const text = (await balancer.readFile(config)).toString();
    await balancer.writeFile(config, text.replace(/(server wcs-02 \S+):8080/, '$1:8081'));
    await balancer.mustExec(['systemctl', 'reload', 'haproxy.service']);
    await settledAt('wcs-02', /:8081$/);
    await balancer.writeFile(config, text);
    await balancer.mustExec(['systemctl', 'reload', 'haproxy.service']);
    await settledAt('wcs-02', /:8080$/);
  });
});

/** What an agent answers to this machine, which is none of its balancers. */
function askFromHere(address: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 9707 });
    let answer = '';
    const done = () => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(3000, done);
    socket.on('data', (data) => (answer += data.toString()));
    socket.on('close', done);
    socket.on('error', done);
  });
}

async function saveStateProgram(): Promise<Buffer> {
  const { readFile } = await import('node:fs/promises');
  return readFile(`${import.meta.dirname}/../../playbooks/files/haproxy-save-state.sh`);
}

async function eventually(check: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
