import { describe, expect, it } from 'vitest';
import type { Inventory } from '../../src/inventory/inventory.ts';
import type { HostPlan } from '../../src/model/plan.ts';
import { nobodyToldWarnings } from '../../src/run/busy/nobody-told.ts';
import { nodePlan } from '../report/plans.ts';

/** Nodes behind a balancer that may be told by a host of the inventory, in a playbook that may say how. */
function inventory({ teller = false, drain = true } = {}): Inventory {
  const own = { on: 'balancer', program: {}, args: [], answers: [], polls: [] };
  const hosts = [
    ...(teller ? [{ name: 'lb', role: 'balancer', state: 'active', vars: {} }] : []),
    ...['bbb-01', 'bbb-02'].map((name) => ({ name, role: 'node', state: 'active', vars: {} })),
  ];
  const roles = [
    { name: 'balancer', guards: [] },
    { name: 'node', guards: [{ id: 'meetings', ...(drain ? { drain: own } : {}) }] },
  ];
  const cluster = { name: 'prod', hostname: 'bbb.example.com' };
  const whenBusy = { all: undefined, roles: new Map() };
  return { playbook: { roles }, hosts, cluster, vars: {}, whenBusy } as unknown as Inventory;
}

const work = { one: 'restarts', several: 'restart' };
const told = (of: Inventory, plans: readonly HostPlan[], more = {}) =>
  nobodyToldWarnings(plans, { inventory: of, whenBusy: undefined, ...more }, work);
const nodes = (...names: readonly string[]) => names.map((name) => nodePlan(name));

describe('what somebody is told who takes nodes down for a while', () => {
  it('is that no balancer is told, and which host would do that', () => {
    expect(told(inventory(), nodes('bbb-01'))).toEqual([
      'no balancer is told while bbb-01 restarts, so new people are sent there meanwhile, and also if that fails: see to it first that whatever sends people there sends none until it is done, or name the host of the balancer below hosts.balancer, and add --when-busy drain',
    ]);
    expect(told(inventory({ drain: false }), nodes('bbb-01', 'bbb-02'))).toEqual([
      'no balancer is told while bbb-01 and bbb-02 restart, so new people are sent there meanwhile, and also if that fails: see to it first that whatever sends people there sends none until it is done',
    ]);
  });

  it('is how to have it told, where it could be', () => {
    const [warning] = told(inventory({ teller: true }), nodes('bbb-01'));
    expect(warning).toMatch(/to have it told, add --when-busy drain$/);
    expect(told(inventory({ teller: true }), nodes('bbb-01'), { whenBusy: 'force' })).toHaveLength(1);
  });

  it('is nothing where it is told, where that is refused anyway, or where nothing is done', () => {
    expect(told(inventory({ teller: true }), nodes('bbb-01'), { whenBusy: 'drain' })).toEqual([]);
    expect(told(inventory(), nodes('bbb-01'), { whenBusy: 'drain' })).toEqual([]);
    const idle = nodes('bbb-01').map((plan) => ({ ...plan, stages: [] }));
    expect(told(inventory(), idle)).toEqual([]);
    expect(
      told(
        inventory(),
        nodes('bbb-01').map((plan) => ({ ...plan, skipped: true })),
      ),
    ).toEqual([]);
  });

  it('counts hosts where there are many', () => {
    expect(told(inventory(), nodes('a', 'b', 'c', 'd'))[0]).toContain('the 4 hosts of the role node restart');
  });
});
