import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually, getText } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import { Scalelite } from '../lab/scalelite.ts';
import { School } from '../lab/school.ts';
import { seed } from '../support/random.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { noLab, useLab } from './lab.ts';
import { runStates } from './services.ts';

/** How often the controller is killed; another number for a shorter try. */
const times = Number(process.env.CLUSTERPROXY_KILLS ?? 40);
/** How long a command may take to come to its end, with classes coming and going. Milliseconds. */
const patience = 600_000;
const final = ['committed', 'reverted', 'refused', 'deferred', 'abandoned'];

/** A school day on three nodes, in which a run that drains them is killed again and again. */
describe.skipIf(noLab)('a run that drains, and is killed at any moment', () => {
  const lab = useLab();
  let cluster: Cluster;
  let balancer: LabHost;
  let scalelite: Scalelite;
  const nameOf = (host: LabHost) => `${host.name}.example.com`;
  beforeAll(async () => {
    const [started, added] = await Promise.all([
      startCluster(lab(), { name: 'killed-by-day', nodes: ['3.0', '3.0', '3.0'], hasty: true }),
      lab().addHosts([{ name: 'killed-by-day-lb' }]),
    ]);
    const [first] = added;
    if (first === undefined) throw new Error('no host');
    [cluster, balancer] = [started, first];
    scalelite = await Scalelite.install(balancer, cluster.nodes.map(nameOf));
    cluster.inventory.hosts.balancer = [{ name: balancer.name, address: nameOf(balancer) }];
    await cluster.save();
    const { code, stderr } = await cluster.run('apply', '--yes');
    expect(code, stderr).toBe(0);
  });

  /** A node gets people: then it answers; or it gets none: then a record says since when, and by whom. */
  async function expectAccounted(node: LabHost): Promise<void> {
    const state = scalelite.state(nameOf(node));
    const record = `/var/lib/clusterproxy/cordons/${cluster.name}/${node.name}/record`;
    if (state !== 'enabled') {
      expect((await balancer.exec(['test', '-s', record])).code, `${node.name} is ${state}`).toBe(0);
      return;
    }
    const api = `https://${nameOf(node)}/bigbluebutton/api`;
    const answer = await node.exec(`curl -sk --max-time 10 ${api}`);
    // It may have been taken out in this very moment.
    if (scalelite.state(nameOf(node)) === 'enabled') expect(answer.stdout).toContain('SUCCESS');
  }

  /** What a command says on the way to its end; fails if that doesn't come. */
  async function ending(command: string, ...args: readonly string[]) {
    const { child, told } = cluster.start(command, ...args, '--yes', '--verbose');
    const ended = once(child, 'exit');
    const late = sleep(patience, undefined, { ref: false });
    await Promise.race([ended, late]);
    if (child.exitCode === null) {
      child.kill('SIGKILL');
      const states = cluster.nodes.map((node) => `${node.name}: ${scalelite.state(nameOf(node))}`);
      expect.fail(`${command} did not end: ${told()}${states.join(', ')}`);
    }
    return { code: child.exitCode, told: told() };
  }

  it('leaves every node as it was or as planned, and comes to its end', { timeout: 14_400_000 }, async () => {
    const school = new School(cluster.nodes, scalelite, {
      lasts: () => 3_000 + Math.random() * 6_000,
      page: async (node) =>
        (await getText(lab(), `${cluster.url}/${node.name}/html5client/?sessionToken=standin`)).includes(
          '<title>BigBlueButton</title>',
        ),
    });
    const day = school.day();
    for (let round = 0; round < times; round++) {
      const run = `kill-${seed}-r${round}`;
      for (const node of cluster.nodes) {
        await node.mustExec(
          `sed -i s/${cluster.name}.example.com/away.example.com/ /etc/bigbluebutton/bbb-web.properties`,
        );
      }
      const { child } = cluster.start('apply', '--yes', '--when-busy', 'drain', '--run-id', run);
      const ended = once(child, 'exit');
      await Promise.race([ended, sleep(500 + Math.random() * 45_000)]);
      child.kill('SIGKILL');
      await ended;
      for (const node of cluster.nodes) await expectAccounted(node);
      await eventually(async () => {
        for (const node of cluster.nodes) {
          expect((await runStates(node)).filter((state) => !final.includes(state))).toEqual([]);
        }
      });
      for (const node of cluster.nodes) await expectAccounted(node);
      // Before its first host is reserved, no host knows of it.
      const resumed = await ending('resume', run);
      if (resumed.told.includes('run-unknown')) {
        const again = await ending('apply', '--when-busy', 'drain', '--run-id', run);
        expect(again.code, `round ${round}: ${again.told}`).toBe(0);
      } else expect(resumed.code, `round ${round}: ${resumed.told}`).toBe(0);
      expect(cluster.nodes.map((node) => scalelite.state(nameOf(node)))).toEqual(
        cluster.nodes.map(() => 'enabled'),
      );
      expect((await cluster.run('check')).code).toBe(0);
      console.warn(`killed ${round + 1} times:`, JSON.stringify(school.counters));
    }
    school.end();
    await day;
    const { held: _held, joined: _joined, remembered: _remembered, ...bad } = school.counters;
    expect(bad).toMatchObject({ cut: 0, refused: 0, lockedOut: 0, withoutPage: 0 });
    expect(bad.mostOut).toBeLessThan(2);
  });
});
