import { describe, expect, it } from 'vitest';
import { OperatorError } from '../../../src/model/operator-error.ts';
import type { ClusterPlan } from '../../../src/model/plan.ts';
import { comparePlan, readSavedPlan, savePlan } from '../../../src/plan/saved/saved-plan.ts';
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

describe('a saved plan', () => {
  it('is the same while nothing has changed', async () => {
    const saved = readSavedPlan(savePlan(await clusterPlan(), sources), 'plan.json');
    expect(comparePlan(saved, await clusterPlan(), sources)).toEqual([]);
  });

  it('holds no contents of files', async () => {
    const text = savePlan(await clusterPlan(), sources);
    expect(text).not.toMatch(/securitySalt|html5client|https:/);
  });

  it('says which of host, inventory and playbook has changed since', async () => {
    const saved = readSavedPlan(savePlan(await clusterPlan(), sources), 'plan.json');
    const edited = await clusterPlan((hosts) => {
      const edited = { '/etc/bigbluebutton/bbb-html5.yml': 'public: {}\n' };
      hosts['bbb-02'] = { ...hosts['bbb-02'], files: { ...hosts['bbb-02']?.files, ...edited } };
    });
    expect(comparePlan(saved, edited, sources).join('\n')).toMatch(
      /^bbb-02: the change to .*bbb-html5\.yml is now different$/,
    );
    expect(comparePlan(saved, await clusterPlan(), { ...sources, text: 'other' })).toEqual([
      'the inventory has changed',
    ]);
    expect(comparePlan(saved, await clusterPlan(), { ...sources, playbookText: 'other' })).toEqual([
      'the playbook has changed',
    ]);
    expect(comparePlan({ ...saved, version: '0.0.0' }, await clusterPlan(), sources).join()).toContain(
      '0.0.0',
    );
    const lost = await clusterPlan((hosts) => {
      delete hosts['bbb-03'];
    });
    expect(comparePlan(saved, lost, sources).join('\n')).toContain('bbb-03: ');
  });

  it('is refused where it is something else', () => {
    for (const text of ['', '{', '[]', '{"schemaVersion": 2}']) {
      expect(() => readSavedPlan(text, 'plan.json')).toThrow(OperatorError);
    }
  });
});
