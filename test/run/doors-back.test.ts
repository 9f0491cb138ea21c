import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleHosts } from '../../src/demo/cluster.ts';
import type { Inventory } from '../../src/inventory/inventory.ts';
import { planRollback } from '../../src/run/rollback-run.ts';
import { applyOptions, problems, startCluster, statuses, type TestCluster } from './cluster.ts';

/** A proxy and its nodes, of one of which the tests say whether people are there. */
let cluster: TestCluster;
let inventory: Inventory;
beforeAll(async () => {
  cluster = await startCluster(sampleHosts);
  inventory = await cluster.inventory();
}, 60_000);
afterAll(() => cluster.close());

const nodesFile = '/etc/nginx/clusterproxy/demo/nodes.conf';
const meetings = () => cluster.path('bbb-02', '/run/stand-in/meetings');

function withMeeting(): void {
  mkdirSync(dirname(meetings()), { recursive: true });
  writeFileSync(meetings(), '1\n');
}

describe('what people reach nodes through', { timeout: 240_000 }, () => {
  it('gets back what a rollback took away before the nodes send people there again', async () => {
    expect(problems(await cluster.apply(inventory))).toEqual([]);
    const undone = await cluster.rollback(inventory);
    expect(problems(undone)).toEqual([]);
    const orderOf = async (run: string | undefined) => {
      const options = applyOptions(inventory, { command: 'rollback' });
      const { plan } = await planRollback({ ...options, run, removePackages: false });
      return plan.hosts.map(({ host }) => host);
    };
    expect(undone.hosts.map(({ plan }) => plan.host).at(-1)).toBe('proxy-1');
    expect((await orderOf(undone.run))[0]).toBe('proxy-1');
    const again = await cluster.rollback(inventory, undone.run === undefined ? {} : { run: undone.run });
    expect(problems(again)).toEqual([]);
    expect(cluster.text('proxy-1', nodesFile)).toContain('bbb-02');
    // And once more the other way round.
    expect((await orderOf(again.run)).at(-1)).toBe('proxy-1');
  });

  it('stays as long as people are on a node that stays', async () => {
    const leaving = await cluster.inventory((text) =>
      text.replace('- name: proxy-1\n', '$&      state: retired\n'),
    );
    withMeeting();
    const busy = await cluster.apply(leaving);
    expect(statuses(busy)['proxy-1']).toBe('deferred');
    expect(problems(busy).join()).toMatch(/still-needed: .*bbb-02 \(running meetings: 1/);
    expect(cluster.text('proxy-1', nodesFile)).toContain('bbb-02');
    rmSync(meetings());
    expect(statuses(await cluster.apply(leaving))['proxy-1']).toBe('changed');
  });
});
