import { describe, expect, it } from 'vitest';
import { OperatorError } from '../../../src/model/operator-error.ts';
import type { ClusterPlan } from '../../../src/model/plan.ts';
import { comparePlan } from '../../../src/plan/saved/compare-plan.ts';
import { readSavedPlan, type SavedPlan, savePlan } from '../../../src/plan/saved/saved-plan.ts';
import { freshHosts, inventoryOf, planOf, snapshotsOf } from '../../support/sample-cluster.ts';

const sources = { text: 'inventory', playbookText: 'playbook' };

async function clusterPlan(
  change: (hosts: ReturnType<typeof freshHosts>) => void = () => undefined,
): Promise<ClusterPlan> {
  const inventory = await inventoryOf();
  const hosts = freshHosts();
  change(hosts);
  return { hosts: planOf(inventory, snapshotsOf(inventory, hosts)), byHand: [], warnings: [] };
}

async function differences(saved: SavedPlan, plan: ClusterPlan, now: typeof sources) {
  return (await comparePlan(saved, plan, now)).differences;
}

describe('a saved plan', () => {
  it('is the same while nothing has changed', async () => {
    const saved = readSavedPlan(await savePlan(await clusterPlan(), sources), 'plan.json');
    expect(await differences(saved, await clusterPlan(), sources)).toEqual([]);
  });

  it('holds no contents of files', async () => {
    const text = await savePlan(await clusterPlan(), sources);
    expect(text).not.toMatch(/securitySalt|html5client|https:/);
  });

  it('says which of host, inventory and playbook has changed since', async () => {
    const saved = readSavedPlan(await savePlan(await clusterPlan(), sources), 'plan.json');
    const edited = await clusterPlan((hosts) => {
      const edited = { '/etc/bigbluebutton/bbb-html5.yml': 'public: {}\n' };
      hosts['bbb-02'] = { ...hosts['bbb-02'], files: { ...hosts['bbb-02']?.files, ...edited } };
    });
    expect((await differences(saved, edited, sources)).join('\n')).toMatch(
      /^bbb-02: the change to .*bbb-html5\.yml is now different$/,
    );
    expect(await differences(saved, await clusterPlan(), { ...sources, text: 'other' })).toEqual([
      'the inventory has changed',
    ]);
    expect(await differences(saved, await clusterPlan(), { ...sources, playbookText: 'other' })).toEqual([
      'the playbook has changed',
    ]);
    const older = await differences({ ...saved, version: '0.0.0' }, await clusterPlan(), sources);
    expect(older.join()).toContain('0.0.0');
    const lost = await clusterPlan((hosts) => {
      delete hosts['bbb-03'];
    });
    expect((await differences(saved, lost, sources)).join('\n')).toContain('bbb-03: ');
  });

  it('is refused where it is something else', () => {
    for (const text of ['', '{', '[]', '{"schemaVersion": 2}']) {
      expect(() => readSavedPlan(text, 'plan.json')).toThrow(OperatorError);
    }
  });
});
