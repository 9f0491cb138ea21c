import { describe, expect, it } from 'vitest';
import type { Inventory } from '../../src/inventory/inventory.ts';
import { leaveWords } from '../../src/run/membership/leave-words.ts';

/** A node behind a balancer that may be told by a host of the inventory, in a playbook that may say how. */
function inventory({ teller = false, drain = true } = {}): Inventory {
  const guard = {
    id: 'meetings',
    ...(drain ? { drain: { on: 'balancer', program: {}, args: [], answers: [], polls: [] } } : {}),
  };
  const hosts = [
    ...(teller ? [{ name: 'lb', role: 'balancer', state: 'active', vars: {} }] : []),
    { name: 'bbb-02', role: 'node', state: 'retired', vars: {} },
  ];
  const roles = [
    { name: 'balancer', guards: [] },
    { name: 'node', guards: [guard] },
  ];
  const cluster = { name: 'prod', hostname: 'bbb.example.com' };
  const whenBusy = { all: undefined, roles: new Map() };
  return { playbook: { roles }, hosts, cluster, vars: {}, whenBusy } as unknown as Inventory;
}

const told = (of: Inventory, more = {}) =>
  leaveWords('bbb-02', { inventory: of, whenBusy: undefined, drainTimeout: 60, ...more });

describe('what somebody is told who has a node leave', () => {
  it('is what is done first, where a balancer is told', () => {
    expect(told(inventory({ teller: true }))).toEqual({
      warning: undefined,
      question:
        'Have the balancer send nobody new to bbb-02, wait until nobody is on bbb-02 and carry this out on',
    });
  });

  it('is beforehand that no balancer is told, and what to do about it', () => {
    expect(told(inventory())).toEqual({
      warning:
        'no balancer is told that bbb-02 leaves, as the inventory has no host of the role balancer: new people come there as before, and it may never be empty; first take it out of whatever sends people there, or name its host below hosts.balancer',
      question: 'Wait until nobody is on bbb-02 and carry this out on',
    });
    expect(told(inventory({ drain: false })).warning).toContain(
      "as the playbook doesn't say how new people are kept away from it: new people come there as before",
    );
  });

  it('says so where nobody is waited for', () => {
    expect(told(inventory(), { drainTimeout: 0 }).question).toBe('Carry this out on');
    expect(told(inventory(), { whenBusy: 'force' }).question).toBe(
      'Interrupt whoever is there and carry this out on',
    );
  });
});
