import { beforeAll, describe, expect, it } from 'vitest';
import type { Inventory } from '../../src/inventory/inventory.ts';
import { askAddresses } from '../../src/model/interface-addresses.ts';
import type { HostPlan } from '../../src/model/plan.ts';
import { noReads } from '../../src/model/reads.ts';
import { packageRoot } from '../../src/package-root.ts';
import { handOverQueries } from '../../src/playbook/resolve/hand-over.ts';
import { readText } from '../../src/playbook/resolve/load-inventory.ts';
import { handOverNotes } from '../../src/run/busy/hands-over.ts';
import { rolloutOf } from '../../src/run/rollout.ts';
import { wavesOf } from '../../src/run/wave.ts';
import { hostPlan } from '../support/host-plan.ts';
import { snapshotOf } from '../support/snapshot-from-folder.ts';

const inventoryOf = (virtual: string, states: readonly string[] = []) =>
  readText({
    file: `${packageRoot()}/inventory.yaml`,
    text: `playbook: bigbluebutton
cluster: {name: prod, hostname: bbb.example.com${virtual}}
hosts:
  proxy:
${[1, 2, 3].map((number) => `    - {name: proxy-${number}, address: '2001:db8::${number}', state: ${states[number - 1] ?? 'active'}}\n`).join('')}  node:
    - {name: bbb-01, hostname: bbb-01.example.com}
`,
  });

/** A host that is to be changed, with the address or not; undefined: it was not looked at. */
function plan(host: string, has: boolean | undefined, more: Partial<HostPlan> = {}): HostPlan {
  const own = `2: eth0    inet6 2001:db8::${host.at(-1)}/64 scope global \n`;
  const output = has ? `${own}2: eth0    inet6 2001:db8::250/128 scope global \n` : own;
  const reads = { ...noReads, queries: [askAddresses] };
  const answers = [[askAddresses, { status: 0, output }]] as const;
  const snapshot = has === undefined ? undefined : snapshotOf({ name: host, files: {}, answers }, reads);
  return hostPlan(host, 'proxy', { snapshot, ...more });
}

let pair: Inventory;
beforeAll(async () => {
  pair = await inventoryOf(", virtual_address: '2001:db8:0::0250'");
});

const orders = (plans: readonly HostPlan[], inventory = pair) => {
  const rules = { inventory, parallel: 32, maxUnavailable: undefined, whenBusy: undefined };
  const waves = wavesOf(plans, rules).map((wave) => wave.plans.map(({ host }) => host));
  // What is shown is what happens.
  expect(rolloutOf(plans, rules).map(({ hosts }) => hosts)).toEqual(waves);
  return waves;
};
const three = [plan('proxy-1', true), plan('proxy-2', false), plan('proxy-3', false)];

describe('the host that has what only one of them has', () => {
  it('goes last of its role, and the plan says so', () => {
    expect(orders([...three, hostPlan('bbb-01', 'node')])).toEqual([
      ['proxy-2', 'proxy-3', 'proxy-1'],
      ['bbb-01'],
    ]);
    expect(handOverNotes(pair, three)).toEqual([
      "proxy-1 has the cluster's address, and is changed last of its role",
    ]);
  });

  it('goes in its place where nobody knows who has it, and where nobody else is to be changed', () => {
    const unknown = ['proxy-1', 'proxy-2', 'proxy-3'].map((host) => plan(host, undefined));
    expect(orders(unknown)).toEqual([['proxy-1', 'proxy-2', 'proxy-3']]);
    expect(handOverNotes(pair, unknown)).toEqual([]);
    expect(handOverNotes(pair, [plan('proxy-1', true), plan('proxy-2', false, { skipped: true })])).toEqual(
      [],
    );
  });

  it('goes after those that have it not, where two have it', () => {
    const two = [plan('proxy-1', true), plan('proxy-2', false), plan('proxy-3', true)];
    expect(orders(two)).toEqual([['proxy-2', 'proxy-1', 'proxy-3']]);
  });

  it('is none in a cluster whose address nobody moves, or somebody else', async () => {
    for (const virtual of ['', ", virtual_address: {address: '2001:db8::250', by: external}"]) {
      const inventory = await inventoryOf(virtual);
      expect(orders(three, inventory)).toEqual([['proxy-1', 'proxy-2', 'proxy-3']]);
      const [host] = inventory.hosts;
      expect(host && handOverQueries(inventory, host)).toEqual([]);
    }
    const [host] = pair.hosts;
    expect(host && handOverQueries(pair, host)).toEqual([askAddresses]);
  });

  it('goes as the last that stay, before those that leave', async () => {
    const leaving = await inventoryOf(", virtual_address: '2001:db8::250'", ['active', 'active', 'retired']);
    const plans = [plan('proxy-1', true), plan('proxy-2', false), plan('proxy-3', false, { retires: true })];
    expect(orders(plans, leaving)).toEqual([['proxy-2', 'proxy-1'], ['proxy-3']]);
  });
});
