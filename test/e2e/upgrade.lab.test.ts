import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/model/change.ts';
import { startOf } from '../lab/day.ts';
import { eventually } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import { offerDebianPackages, type TestPackage } from '../lab/packages.ts';
import { Scalelite } from '../lab/scalelite.ts';
import { School } from '../lab/school.ts';
import { long } from '../support/random.ts';
import { type Cluster, hostOf, startCluster, statuses } from './cluster.ts';
import { noLab, useLab } from './lab.ts';

/**
 * A part of the product. Its upgrade replaces a file in which keys are managed, and restarts what people are
 * connected to, as real ones do.
 */
const part = (version: string): TestPackage => ({
  name: 'bbb-part',
  version,
  files: { '/etc/bbb-part.conf': `version=${version}\n`, '/usr/share/bbb-part/version': version },
  ...(version === '1.0'
    ? {}
    : {
        depends: ['coturn'],
        postinst: `sed -i '/^accessControlAllowOrigin/d' /etc/bigbluebutton/bbb-web.properties
systemctl is-active apt-daily.timer >/srv/timer || :
systemctl restart bbb-web nginx`,
      }),
});
/** What an operator would have: it installs, and notes that it was run. */
const script = `#!/bin/sh
echo "$1" >>/srv/runs
[ ! -e /srv/fail ] || { echo 'E: no such key'; exit 3; }
while [ -e /srv/slow ]; do sleep 0.2; done
echo done
`;

const words = 'nodes behind Scalelite, one after the other, with a school day going on';
describe.skipIf(noLab)(words, { timeout: long ? 900_000 : 300_000 }, () => {
  const lab = useLab();
  let cluster: Cluster;
  let balancer: LabHost;
  let scalelite: Scalelite;
  const nameOf = (host: LabHost) => `${host.name}.example.com`;
  const startsOf = () => Promise.all(cluster.nodes.map(startOf));
  const allEnabled = () => cluster.nodes.map(() => 'enabled');
  /** All nodes, with the same status. */
  const all = (status: string) => Object.fromEntries(cluster.nodes.map(({ name }) => [name, status]));
  const states = () => cluster.nodes.map((node) => scalelite.state(nameOf(node)));

  const prepareNode = (host: LabHost) =>
    offerDebianPackages(host, [part('1.0'), part('2.0'), { name: 'coturn', version: '4.6' }]);
  const version = async (host: LabHost) =>
    (await host.mustExec("dpkg -s bbb-part | sed -n 's/^Version: //p'")).trim();
  const runsOf = async (host: LabHost) => (await host.exec('cat /srv/runs')).stdout;
  /** The script as the inventory pins it, and how it is called. */
  async function useScript(argument: string, sum = sha256(Buffer.from(script))) {
    writeFileSync(join(dirname(cluster.file), 'upgrade.sh'), script);
    Object.assign(cluster.inventory, {
      upgrade_command: { script: 'upgrade.sh', sha256: sum, args: [argument], time_limit: '5m' },
    });
    await cluster.save();
  }
  const node = (index: number) => {
    const host = cluster.nodes[index];
    if (host === undefined) throw new Error('no such node');
    return host;
  };

  beforeAll(async () => {
    const [started, added] = await Promise.all([
      startCluster(lab(), { name: 'up', nodes: Array(long ? 6 : 2).fill('3.0'), hasty: true, prepareNode }),
      lab().addHosts([{ name: 'up-lb' }]),
    ]);
    const [first] = added;
    if (first === undefined) throw new Error('no host');
    cluster = started;
    balancer = first;
    scalelite = await Scalelite.install(balancer, cluster.nodes.map(nameOf));
    cluster.inventory.hosts.balancer = [{ name: 'up-lb', address: 'up-lb.example.com' }];
    await cluster.save();
    const { code, stderr } = await cluster.run('apply', '--yes');
    expect(code, stderr).toBe(0);
    for (const host of cluster.nodes)
      await host.mustExec('apt-get -qq update && apt-get -qq -y install bbb-part=1.0');
  });

  /** Does something while classes begin and end on all nodes that are not out. */
  async function duringSchool<Result>(work: () => Promise<Result>): Promise<Result> {
    const school = new School(cluster.nodes, scalelite, { lasts: () => 2_000 + Math.random() * 4_000 });
    const result = await school.during(work);
    const { held, joined, remembered, caught, ...bad } = school.counters;
    console.warn('a school day:', JSON.stringify(school.counters));
    expect(bad).toEqual({ cut: 0, refused: 0, lockedOut: 0, withoutPage: 0, mostOut: 1 });
    // Scalelite itself sends these to a node that gets no new ones; a command asks nobody while it runs.
    expect(Math.max(remembered, caught)).toBeLessThan(held);
    expect(Math.min(held, joined)).toBeGreaterThan(3);
    return result;
  }

  it('are restarted, and no class is cut or sent to a node that is away', async () => {
    const before = await startsOf();
    const { code, document, stderr } = await duringSchool(() =>
      cluster.json('reboot', '--yes', '--when-busy', 'drain'),
    );
    expect(code, stderr + JSON.stringify(document.hosts.map((host) => host.error))).toBe(0);
    expect(statuses(document)).toEqual({
      ...{ 'up-lb': 'skipped', 'up-proxy': 'skipped', ...all('changed') },
    });
    expect((await startsOf()).some((start, index) => start === before[index])).toBe(false);
    expect(states()).toEqual(allEnabled());
    const history = await cluster.json('history', '--limit', 'up-01');
    expect(history.document.runs?.[0]).toMatchObject({
      command: 'reboot',
      hosts: [{ name: 'up-01', state: 'committed', changes: [{ kind: 'action', path: 'reboot' }] }],
    });
    // There is nothing in it to undo.
    const undoing = await cluster.json('rollback', '--dry-run');
    expect(hostOf(undoing.document, 'up-01').undoes).not.toBe(history.document.runs?.[0]?.run);
  });

  it('stay out if what ran before does not run again, and no other is restarted', async () => {
    const [first, second] = cluster.nodes;
    if (first === undefined || second === undefined) throw new Error('no node');
    const before = await startsOf();
    await first.mustExec('systemctl disable --quiet bbb-web.service');
    const { code, document } = await cluster.json(
      ...(['reboot', '--yes', '--when-busy', 'drain', '--timeout', '60s'] as const),
    );
    expect(code).toBe(3);
    expect(statuses(document)).toMatchObject({ 'up-01': 'failed', 'up-02': 'not-started' });
    expect(hostOf(document, 'up-01').error).toMatchObject({
      code: 'not-well-again',
      message: expect.stringMatching(/bbb-web(.service)? is inactive/),
    });
    expect(await startOf(second)).toBe(before[1]);
    expect(scalelite.state(nameOf(first))).not.toBe('enabled');
    const status = await cluster.json('status');
    expect(hostOf(status.document, 'up-01').warnings.join()).toContain('bbb-web');
    await first.mustExec('systemctl enable --quiet --now bbb-web.service');
    await eventually(async () => {
      const released = await cluster.json('release', 'up-01');
      expect(released.code, released.stderr).toBe(0);
    });
    expect(states()).toEqual(allEnabled());
  });

  it('are upgraded by apt-get, made what they need then, and no class is cut', async () => {
    Object.assign(cluster.inventory, {
      upgrade_command: { apt: { packages: ['bbb-part'], conffiles: 'replace' }, to: '2.0' },
      snapshot_command: ['sh', '-c', 'echo "$CLUSTERPROXY_ADDRESS" >>saved-{{ host.name }}'],
    });
    await cluster.save();
    await node(1).mustExec('echo edited >>/etc/bbb-part.conf');
    await node(0).exec('systemctl start apt-daily.timer');
    const timer = (await node(0).exec('systemctl is-active apt-daily.timer')).stdout;
    const planned = await cluster.json('upgrade', '--dry-run');
    const [action] = hostOf(planned.document, 'up-02').changes;
    expect(action?.diff).toContain('bbb-part 1.0 -> 2.0');
    expect(action?.diff).toContain('it touches besides: coturn 4.6 (new)');
    expect(action?.diff).toContain('replaced where the new version changes them, as they were edited');
    expect(action?.guards).toEqual(['meetings', 'recordings']);
    const { code, document, stderr } = await duringSchool(() =>
      cluster.json('upgrade', '--yes', '--soak', '0'),
    );
    expect(code, stderr + JSON.stringify(document.hosts.map((host) => host.error))).toBe(0);
    expect(statuses(document)).toMatchObject(all('changed'));
    expect(hostOf(document, 'up-01').upgraded).toEqual(
      expect.arrayContaining([
        { name: 'bbb-part', before: '1.0', after: '2.0' },
        { name: 'coturn', before: '', after: '4.6' },
      ]),
    );
    expect(states()).toEqual(allEnabled());
    for (const host of cluster.nodes) {
      expect(await version(host)).toBe('2.0');
      expect((await host.readFile('/etc/bbb-part.conf')).toString()).toBe('version=2.0\n');
      expect((await host.readFile('/etc/bigbluebutton/bbb-web.properties')).toString()).toContain(
        'accessControlAllowOrigin=https://up.example.com\n',
      );
    }
    expect((await node(0).exec('systemctl is-active apt-daily.timer')).stdout).toBe(timer);
    if (timer.trim() === 'active')
      expect((await node(0).readFile('/srv/timer')).toString()).toBe('inactive\n');
    const again = await cluster.json('upgrade', '--yes', '--soak', '0');
    expect([again.code, statuses(again.document)]).toMatchObject([0, all('done')]);
    const history = await cluster.json('history', '--limit', 'up-02');
    expect(history.document.runs?.[0]?.hosts[0]?.upgraded?.length).toBe(2);
    expect((await cluster.json('check')).code).toBe(0);
  });

  it('are left as they are where the script is not the one that was agreed on', async () => {
    const told = scalelite.calls.length;
    await useScript('other', 'a'.repeat(64));
    const { code, stdout, stderr } = await cluster.run('upgrade', '--yes');
    expect(code).toBe(1);
    expect(stdout + stderr).toContain('script-differs');
    expect(scalelite.calls.length).toBe(told);
    expect(await runsOf(node(0))).toBe('');
  });

  it('stay out where the script fails, and no other is begun; it does not run again by itself', async () => {
    await useScript('first');
    await node(0).writeFile('/srv/fail', '');
    const failed = await cluster.json('upgrade', '--yes', '--soak', '0');
    expect(failed.code).toBe(3);
    expect(statuses(failed.document)).toMatchObject({ 'up-01': 'failed', 'up-02': 'not-started' });
    expect(hostOf(failed.document, 'up-01').error).toMatchObject({
      code: 'upgrade-failed',
      detail: expect.stringContaining('E: no such key'),
    });
    expect(scalelite.state(nameOf(node(0)))).not.toBe('enabled');
    expect(hostOf((await cluster.json('status')).document, 'up-01').warnings.join()).toContain(
      'its upgrade failed',
    );
    await node(0).mustExec('rm /srv/fail');
    const refused = await cluster.json('upgrade', '--yes', '--soak', '0');
    expect([refused.code, refused.document.errors?.[0]?.code]).toEqual([1, 'upgrade-failed']);
    expect([await runsOf(node(0)), await runsOf(node(1))]).toEqual(['first\n', '']);
    const again = await cluster.json('upgrade', '--yes', '--limit', 'up-01', '--again');
    expect([again.code, statuses(again.document)['up-01']]).toEqual([0, 'changed']);
    expect(await runsOf(node(0))).toBe('first\nfirst\n');
    expect(states()).toEqual(allEnabled());
  });

  it('go on by themselves when the controller is killed, and the next call goes on from there', async () => {
    await useScript('second');
    await node(0).mustExec('touch /srv/slow; rm /srv/runs');
    const run = cluster.start('upgrade', '--yes', '--soak', '10m');
    await eventually(async () => expect(await runsOf(node(0))).toBe('second\n'));
    run.child.kill('SIGKILL');
    const seen = await cluster.json('upgrade', '--dry-run');
    expect(hostOf(seen.document, 'up-01').warnings.join()).toContain('goes on');
    const next = cluster.start('upgrade', '--yes', '--soak', '10m');
    await next.said('following it');
    await node(0).mustExec('rm /srv/slow');
    // It is given back, and used for a while before the other one is begun.
    await next.said('people use up-01 with its new version first');
    expect(states()).toEqual(allEnabled());
    const ended = new Promise((resolve) => next.child.once('exit', (code) => resolve(code)));
    next.child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect([await runsOf(node(0)), await runsOf(node(1))]).toEqual(['second\n', '']);
    const last = await cluster.json('upgrade', '--yes', '--soak', '1s');
    expect(statuses(last.document)).toMatchObject({ ...all('changed'), 'up-01': 'done' });
    expect([await runsOf(node(0)), await runsOf(node(1))]).toEqual(['second\n', 'second\n']);
    expect(states()).toEqual(allEnabled());
  });
});
