import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Inventory } from '../../src/inventory/inventory.ts';
import { exitStatusOf } from '../../src/model/result.ts';
import { readHistory } from '../../src/run/history-run.ts';
import { resultOfPlan } from '../../src/run/result-of-plan.ts';
import { applyOptions, problems, startCluster, statuses, type TestCluster } from './cluster.ts';

let cluster: TestCluster;
let demo: Inventory;
beforeAll(async () => {
  cluster = await startCluster();
  demo = await cluster.inventory();
}, 60_000);
afterAll(() => cluster.close());

const named = (name: string) => (text: string) => text.replace('name: demo', `name: ${name}`);

describe('hosts of another cluster', { timeout: 120_000 }, () => {
  it('are refused by whoever looks at them, and nothing of theirs is shown as to be deleted', async () => {
    const applied = await cluster.apply(demo);
    expect(problems(applied)).toEqual([]);
    const other = await cluster.inventory(named('other'));
    const plan = await cluster.plan(other);
    const result = resultOfPlan(plan, 'plan');
    expect(statuses(result)).toMatchObject({ 'bbb-01': 'failed', 'bbb-02': 'failed', 'bbb-03': 'failed' });
    expect(plan.hosts.flatMap(({ changes }) => changes.filter(({ action }) => action === 'delete'))).toEqual(
      [],
    );
    expect(plan.hosts.filter(({ role }) => role === 'node').flatMap(({ changes }) => changes)).toEqual([]);
    expect(exitStatusOf(result, { comparing: true })).toBe(3);
    for (const host of plan.hosts.filter(({ role }) => role === 'node')) {
      expect(host.problem).toMatchObject({
        code: 'another-cluster',
        message: 'this host belongs to the cluster demo, not to other',
      });
    }
  });

  it('are not given back to what they were before a run of another cluster', async () => {
    const other = await cluster.inventory(named('other'));
    await expect(cluster.rollback(other)).rejects.toMatchObject({ code: 'nothing-to-roll-back' });
    expect((await readHistory(applyOptions(other))).runs).toEqual([]);
  });
});
