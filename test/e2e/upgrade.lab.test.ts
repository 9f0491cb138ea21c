import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import { Scalelite } from '../lab/scalelite.ts';
import { School } from '../lab/school.ts';
import { type Cluster, hostOf, startCluster, statuses } from './cluster.ts';
import { noLab, useLab } from './lab.ts';

describe.skipIf(noLab)('nodes behind Scalelite, one after the other, with a school day going on', () => {
  const lab = useLab();
  let cluster: Cluster;
  let balancer: LabHost;
  let scalelite: Scalelite;
  const nameOf = (host: LabHost) => `${host.name}.example.com`;
  const startOf = async (host: LabHost) => (await host.mustExec('cut -d " " -f 22 /proc/1/stat')).trim();
  const startsOf = () => Promise.all(cluster.nodes.map(startOf));
  const states = () => cluster.nodes.map((node) => scalelite.state(nameOf(node)));

  beforeAll(async () => {
    const [started, added] = await Promise.all([
      startCluster(lab(), { name: 'up', nodes: ['3.0', '3.0'], hasty: true }),
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
  });

  /** Does something while classes begin and end on all nodes that are not out. */
  async function duringSchool<Result>(work: () => Promise<Result>): Promise<Result> {
    const school = new School(cluster.nodes, scalelite, () => 2_000 + Math.random() * 4_000);
    const day = school.day();
    // Every node has a class before it begins.
    await eventually(async () => expect(school.counters.held).toBeGreaterThan(0));
    const result = await work().finally(() => school.end());
    await day;
    const { held, ...bad } = school.counters;
    expect(bad).toEqual({ cut: 0, refused: 0, mostOut: 1 });
    expect(held).toBeGreaterThan(3);
    return result;
  }

  it('are restarted, and no class is cut or sent to a node that is away', async () => {
    const before = await startsOf();
    const { code, document, stderr } = await duringSchool(() =>
      cluster.json('reboot', '--yes', '--when-busy', 'drain'),
    );
    expect(code, stderr + JSON.stringify(document.hosts.map((host) => host.error))).toBe(0);
    expect(statuses(document)).toEqual({
      ...{ 'up-lb': 'skipped', 'up-proxy': 'skipped', 'up-01': 'changed', 'up-02': 'changed' },
    });
    expect((await startsOf()).some((start, index) => start === before[index])).toBe(false);
    expect(states()).toEqual(['enabled', 'enabled']);
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
    expect(states()).toEqual(['enabled', 'enabled']);
  });
});
