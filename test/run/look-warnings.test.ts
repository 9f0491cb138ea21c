import { beforeAll, describe, expect, it } from 'vitest';
import type { Inventory } from '../../src/inventory/inventory.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { viewCluster } from '../../src/playbook/resolve/contexts.ts';
import { withLookWarnings } from '../../src/run/look-warnings.ts';
import { carriedOut, freshHosts, inventoryOf, planOf, snapshotsOf } from '../support/sample-cluster.ts';

let inventory: Inventory;
beforeAll(async () => {
  inventory = await inventoryOf();
});

const extra = '/etc/nginx/conf.d/extra.conf';

/** The cluster before and after the first run, with another file of nginx on the proxy. */
function states(text: string): Record<'fresh' | 'settled', Map<string, Snapshot>> {
  const hosts = freshHosts();
  const proxy = hosts['proxy-1'];
  const fresh = snapshotsOf(inventory, { ...hosts, 'proxy-1': { ...proxy, files: { [extra]: text } } });
  return { fresh, settled: carriedOut(planOf(inventory, fresh)) };
}

function warnings(snapshots: ReadonlyMap<string, Snapshot>): string {
  const plan = planOf(inventory, snapshots).find(({ host }) => host === 'proxy-1');
  if (plan === undefined) throw new Error('no plan of the proxy');
  return withLookWarnings(viewCluster(inventory, snapshots), plan).warnings.join('\n');
}

describe("warnings of nginx's configuration", () => {
  const policy = 'add_header Permissions-Policy "camera=()" always;\n';

  it('name the file and the line, and what to do', () => {
    const told = warnings(states(policy).settled);
    expect(told).toContain(`the headers that nginx adds: ${extra}:1: add_header Permissions-Policy`);
    expect(told).toContain('; to fix it: leave the header out');
  });

  it('are none on a sound proxy', () => {
    expect(warnings(states('# nothing\n').settled)).toBe('');
  });

  it('are those that the playbook names in every look', () => {
    const { settled } = states(policy);
    const plan = planOf(inventory, settled).find(({ host }) => host === 'proxy-1');
    if (plan === undefined) throw new Error('no plan of the proxy');
    const roles = inventory.playbook.roles.map((role) => ({ ...role, everyLook: [] }));
    const without = { ...inventory, playbook: { ...inventory.playbook, roles } };
    expect(withLookWarnings(viewCluster(without, settled), plan).warnings).toEqual(plan.warnings);
  });

  it('are none of a proxy that is not set up yet: nothing of the cluster is in its nginx', () => {
    expect(warnings(states(policy).fresh)).toBe('');
  });
});
