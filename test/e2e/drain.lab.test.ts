import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually, getText } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import { Scalelite } from '../lab/scalelite.ts';
import { School } from '../lab/school.ts';
import { long } from '../support/random.ts';
import { owed, ring, rung } from './bell.ts';
import { type Cluster, hostOf, startCluster, statuses } from './cluster.ts';
import { noLab, useLab } from './lab.ts';

const six = ['3.0', '3.0', '3.0', '3.0', '3.0', '3.0'] as const;
const MEETING =
  '<meeting><meetingName>Maths</meetingName><meetingID>7b</meetingID><running>true</running><participantCount>27</participantCount></meeting>';

describe.skipIf(noLab)('nodes behind Scalelite, with a school day going on', () => {
  const lab = useLab();
  let cluster: Cluster;
  let balancer: LabHost;
  let scalelite: Scalelite;
  const nameOf = (host: LabHost) => `${host.name}.example.com`;
  /** What restarts bbb-web on each of them, and what clients are connected to. */
  const unsettle = async (nodes: readonly LabHost[] = cluster.nodes) => {
    const [web, middleware] = ['bbb-web.properties', 'bbb-graphql-middleware.yml'];
    for (const node of nodes)
      await node.mustExec(
        `cd /etc/bigbluebutton && sed -i s/drain.example.com/away.example.com/ ${web} ${middleware}`,
      );
  };
  const cordons = async () => (await balancer.exec('ls /var/lib/clusterproxy/cordons/drain')).stdout.trim();

  beforeAll(async () => {
    const [started, added] = await Promise.all([
      startCluster(lab(), { name: 'drain', nodes: long ? six : six.slice(3), hasty: true }),
      lab().addHosts([{ name: 'drain-lb' }]),
    ]);
    const [first] = added;
    if (first === undefined) throw new Error('no host');
    cluster = started;
    balancer = first;
    scalelite = await Scalelite.install(balancer, cluster.nodes.map(nameOf));
    cluster.inventory.hosts.balancer = [{ name: 'drain-lb', address: 'drain-lb.example.com' }];
    await cluster.save();
    const { code, stderr } = await cluster.run('apply', '--yes');
    expect(code, stderr).toBe(0);
  });

  it('are changed one after the other, and no class is cut, nor anybody locked out', async () => {
    const school = new School(cluster.nodes, scalelite, {
      lasts: () => 3_000 + Math.random() * 6_000,
      page: async (node) =>
        (await getText(lab(), `${cluster.url}/${node.name}/html5client/?sessionToken=standin`)).includes(
          '<title>BigBlueButton</title>',
        ),
    });
    await unsettle();
    const { code, document, stderr } = await school.during(() =>
      cluster.json('apply', '--yes', '--when-busy', 'drain'),
    );
    expect(code, stderr + JSON.stringify(document.hosts.map((host) => host.error))).toBe(0);
    expect(statuses(document)).toEqual({
      ...{ 'drain-lb': 'in-sync', 'drain-proxy': 'in-sync' },
      ...Object.fromEntries(cluster.nodes.map(({ name }) => [name, 'changed'])),
    });
    const { held, joined, remembered, ...bad } = school.counters;
    console.warn('a school day:', JSON.stringify(school.counters));
    expect(bad).toEqual({ cut: 0, caught: 0, refused: 0, lockedOut: 0, withoutPage: 0, mostOut: 1 });
    expect(Math.min(held, joined)).toBeGreaterThan(3);
    // Scalelite itself sends these to a node that gets no new ones; more often than that would be ours.
    expect(remembered).toBeLessThan(held);
    expect(cluster.nodes.map((node) => scalelite.state(nameOf(node)))).toEqual(
      cluster.nodes.map(() => 'enabled'),
    );
    // Once each, but for those whose cordon had become more than that; nothing else is ever called.
    const calls = scalelite.calls.filter((call) => call !== 'servers');
    expect([...new Set(calls)]).toEqual(
      cluster.nodes.flatMap((node) => [
        `servers:cordon[id-${nameOf(node)}]`,
        `servers:enable[id-${nameOf(node)}]`,
      ]),
    );
    expect(await cordons()).toBe('');
    // Its secrets are in nothing that is kept or shown.
    expect(JSON.stringify(document)).not.toContain('secret');
  });

  it('that get people between two restarts are waited for once more, and done in the same run', async () => {
    const [node] = cluster.nodes;
    if (node === undefined) throw new Error('no node');
    await unsettle([node]);
    await ring(node, 'bbb-graphql-middleware', 'begins');
    const limit = ['--limit', 'drain-lb,drain-proxy,drain-01'];
    const applying = cluster.json('apply', '--yes', '--when-busy', 'drain', ...limit);
    await rung(node);
    await eventually(async () => expect(await owed(node)).toEqual(['restart-bbb-web']));
    await node.mustExec('rm /var/lib/bbb-standin/meetings.xml');
    const { code, document, stderr } = await applying;
    const { status, error, handlers } = hostOf(document, 'drain-01');
    expect([code, status, error], stderr).toEqual([0, 'changed', undefined]);
    expect(stderr).toMatch(
      /drain-01: postponed, as people are there: restart-bbb-web[\s\S]*drain-01: restart-bbb-web/,
    );
    const ran = handlers.filter((handler) => handler.ran);
    expect(ran.map(({ id }) => id)).toEqual(['restart-graphql-middleware', 'restart-bbb-web']);
    expect(await owed(node)).toEqual([]);
    expect([scalelite.state(nameOf(node)), await cordons()]).toEqual(['enabled', '']);
    expect((await cluster.run('check', ...limit)).code).toBe(0);
    // What comes next undoes a run with all of its restarts.
    await unsettle([node]);
    expect((await cluster.run('apply', '--yes', '--limit', 'drain-01')).code).toBe(0);
  });

  it('are given back by their balancer where the controller is dead, once they answer rightly', async () => {
    const [node] = cluster.nodes;
    if (node === undefined) throw new Error('no node');
    const undone = await cluster.run('rollback', '--yes', '--limit', 'drain-01');
    expect(undone.code, undone.stderr).toBe(0);
    await node.writeFile('/var/lib/bbb-standin/meetings.xml', MEETING);
    const run = cluster.start('apply', '--yes', '--when-busy', 'drain', '--limit', 'drain-01');
    await eventually(async () => expect(scalelite.state(nameOf(node))).toBe('cordoned'));
    run.child.kill('SIGKILL');
    const { document } = await cluster.json('status');
    expect(hostOf(document, 'drain-01').warnings.join()).toContain('it has been getting no new people since');
    const timer = 'clusterproxy-cordon-drain:drain-01.timer';
    const state = await balancer.mustExec(['systemctl', 'show', '-p', 'ActiveState,UnitFileState', timer]);
    expect(state).toBe('ActiveState=active\nUnitFileState=enabled\n');
    // The deadline is over, and the node isn't well.
    const record = '/var/lib/clusterproxy/cordons/drain/drain-01/record';
    const fields = (await balancer.readFile(record)).toString().split('\u001f');
    fields[3] = '1';
    await balancer.writeFile(record, fields.join('\u001f'));
    await node.mustExec('systemctl stop nginx');
    const service = timer.replace('.timer', '.service');
    expect((await balancer.exec(['systemctl', 'start', service])).code).not.toBe(0);
    expect(scalelite.state(nameOf(node))).not.toBe('enabled');
    await node.mustExec('systemctl start nginx');
    await balancer.mustExec(['systemctl', 'start', service]);
    expect(scalelite.state(nameOf(node))).toBe('enabled');
    expect(await cordons()).toBe('');
    expect((await balancer.exec(['systemctl', 'cat', timer])).code).not.toBe(0);
    await node.mustExec('rm /var/lib/bbb-standin/meetings.xml');
  });

  it('are taken over by a later run, and released by an operator', async () => {
    const [node] = cluster.nodes;
    if (node === undefined) throw new Error('no node');
    await node.writeFile('/var/lib/bbb-standin/meetings.xml', MEETING);
    const run = cluster.start('apply', '--yes', '--when-busy', 'drain', '--limit', 'drain-01');
    await eventually(async () => expect(scalelite.state(nameOf(node))).toBe('cordoned'));
    run.child.kill('SIGKILL');
    await sleep(200);
    const released = await cluster.json('release', 'drain-01');
    expect(released.code, released.stderr).toBe(0);
    expect(scalelite.state(nameOf(node))).toBe('enabled');
    await node.mustExec('rm /var/lib/bbb-standin/meetings.xml');
  });

  it('leave, and join again, while classes go on', async () => {
    const [, , node] = cluster.nodes;
    if (node === undefined) throw new Error('no node');
    const calls = scalelite.calls.length;
    const school = new School(cluster.nodes, scalelite, () => 2_000 + Math.random() * 4_000);
    const day = school.day();
    await eventually(async () => expect(school.counters.held).toBeGreaterThan(0));
    const left = await cluster.json('leave', '--yes', 'drain-03');
    const again = await cluster.json('leave', '--yes', 'drain-03');
    expect(left.code, left.stderr + JSON.stringify(left.document.hosts)).toBe(0);
    expect(hostOf(left.document, 'drain-03')).toMatchObject({
      status: 'changed',
      balancers: [
        {
          ...{ on: 'drain-lb', state: 'cordoned' },
          byHand: `docker exec scalelite-api bin/rake "servers:remove[id-${nameOf(node)}]"`,
        },
      ],
    });
    expect(again.code, again.stderr).toBe(0);
    expect(statuses(again.document)['drain-03']).toBe('in-sync');
    expect(await cordons()).toBe('drain-03');
    expect((await node.exec('ls /var/lib/clusterproxy')).code).not.toBe(0);
    const joined = await cluster.json('join', '--yes', 'drain-03');
    expect(joined.code, joined.stderr + JSON.stringify(joined.document.hosts)).toBe(0);
    expect(hostOf(joined.document, 'drain-03')).toMatchObject({
      ...{ status: 'changed', balancers: [{ on: 'drain-lb', state: 'enabled' }] },
    });
    school.end();
    await day;
    const { held, joined: _, ...bad } = school.counters;
    expect(bad).toEqual({
      cut: 0,
      caught: 0,
      refused: 0,
      remembered: 0,
      lockedOut: 0,
      withoutPage: 0,
      mostOut: 1,
    });
    expect(held).toBeGreaterThan(3);
    const told = scalelite.calls.slice(calls).filter((call) => call !== 'servers');
    expect([...new Set(told)]).toEqual([
      ...[`servers:cordon[id-${nameOf(node)}]`, `servers:enable[id-${nameOf(node)}]`],
    ]);
    expect(await cordons()).toBe('');
    expect((await cluster.run('check', '--limit', 'drain-03,proxy')).code).toBe(0);
  });

  it('are not taken down with people on them, for whom their balancer would not wait', async () => {
    const [node] = cluster.nodes;
    if (node === undefined) throw new Error('no node');
    await unsettle();
    await node.writeFile('/var/lib/bbb-standin/meetings.xml', MEETING);
    const calls = scalelite.calls.length;
    const refused = await cluster.json('apply', '--yes', '--force');
    expect([refused.code, refused.document.errors?.[0]]).toMatchObject([
      1,
      {
        code: 'balancer-ends-sessions',
        message: expect.stringMatching(/^it is not empty \(running meetings: 1, with 27 people\)/),
      },
    ]);
    const planned = await cluster.json('plan', '--when-busy', 'force');
    expect([planned.code, planned.document.notes?.join()]).toEqual([
      0,
      expect.stringContaining('balancer-ends-sessions'),
    ]);
    const said = await cluster.json('apply', '--yes', '--force', '--despite-polls', '--limit', 'drain-01');
    expect([said.code, statuses(said.document)['drain-01']]).toEqual([0, 'changed']);
    expect(scalelite.calls.length).toBe(calls);
    const history = await cluster.run('history', '--limit', 'drain-01');
    expect(history.stdout).toMatch(/: apply --despite-polls by /);
    await node.mustExec('rm /var/lib/bbb-standin/meetings.xml');
  });

  it('are given back where bbb-web never starts with what is new, and no other is touched', async () => {
    const [node, ...others] = cluster.nodes;
    if (node === undefined) throw new Error('no node');
    await unsettle([node]);
    const mood = '/etc/systemd/system/bbb-web.service.d/10-mood.conf';
    const rule = '! grep -q drain.example.com /etc/bigbluebutton/bbb-web.properties';
    await node.writeFile(mood, `[Service]\nExecStartPre=/bin/sh -c '${rule}'\n`);
    await node.mustExec('systemctl daemon-reload');
    const { code, document } = await duringSchool(() =>
      cluster.json('apply', '--yes', '--when-busy', 'drain'),
    );
    expect([code, statuses(document)]).toEqual([
      3,
      {
        ...{ 'drain-lb': 'in-sync', 'drain-proxy': 'in-sync', 'drain-01': 'rolled-back' },
        ...Object.fromEntries(others.map(({ name }) => [name, 'not-started'])),
      },
    ]);
    expect(hostOf(document, 'drain-01').error?.message).toContain('restart-bbb-web');
    expect(cluster.nodes.map((one) => scalelite.state(nameOf(one)))).toEqual(
      cluster.nodes.map(() => 'enabled'),
    );
    expect(await cordons()).toBe('');
    await node.mustExec(`rm ${mood}; systemctl daemon-reload`);
  });

  it('are changed where bbb-web is killed in the middle of a class, and no class is cut', async () => {
    const { code, document, killed, stderr } = await duringSchool(async (school) => {
      const killing = (async () => {
        let people = 0;
        for (const node of cluster.nodes) {
          await eventually(async () => expect(scalelite.state(nameOf(node))).not.toBe('enabled'));
          people += await school.killApi(node);
        }
        return people;
      })();
      const result = await cluster.json('apply', '--yes', '--when-busy', 'drain');
      return { ...result, killed: await killing };
    });
    expect(code, stderr + JSON.stringify(document.hosts.map((host) => host.error))).toBe(0);
    expect(statuses(document)).toMatchObject(
      Object.fromEntries(cluster.nodes.map(({ name }) => [name, 'changed'])),
    );
    // There were some of which only their connections told.
    expect(killed).toBeGreaterThan(0);
    expect(await cordons()).toBe('');
  });

  /** Does something while classes go on, none of which may be cut, nor anybody locked out. */
  async function duringSchool<Result>(work: (school: School) => Promise<Result>): Promise<Result> {
    const school = new School(cluster.nodes, scalelite, {
      ...{ lasts: () => 6_000 + Math.random() * 6_000, plain: true },
      page: async (node) =>
        (await getText(lab(), `${cluster.url}/${node.name}/html5client/?sessionToken=standin`)).includes(
          '<title>BigBlueButton</title>',
        ),
    });
    const result = await school.during(() => work(school));
    const { held, joined, ...bad } = school.counters;
    console.warn('a school day:', JSON.stringify(school.counters));
    expect(bad).toEqual({
      cut: 0,
      caught: 0,
      refused: 0,
      remembered: 0,
      lockedOut: 0,
      withoutPage: 0,
      mostOut: 1,
    });
    expect(Math.min(held, joined)).toBeGreaterThan(3);
    return result;
  }
});
