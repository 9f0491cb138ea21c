import { describe, expect, it } from 'vitest';
import type { Inventory, InventoryHost } from '../../src/inventory/inventory.ts';
import { OperatorError } from '../../src/model/operator-error.ts';
import type { Role } from '../../src/model/playbook.ts';
import type { HostResult } from '../../src/model/result.ts';
import { keptElsewhereWarnings } from '../../src/run/kept-elsewhere.ts';
import { applyLast } from '../../src/run/last-stage.ts';
import type { ApplyOptions } from '../../src/run/options.ts';
import type { PlannedRun, Planner } from '../../src/run/planner.ts';
import { isRelayedTo, limitOfRetiring, ofAHostThatLeft } from '../../src/run/retire.ts';
import { hostPlan } from '../support/host-plan.ts';

describe('the hosts that are involved when one is retired', () => {
  /** A role of the playbook, in which so many things are changed. */
  const role = (name: string, steps: number) => ({ name, steps: Array(steps).fill({}) }) as unknown as Role;
  const host = (name: string, of: string) => ({ name, role: of }) as InventoryHost;
  const involved = (name: string, ...roles: readonly Role[]) =>
    limitOfRetiring(
      {
        playbook: { roles },
        hosts: [host('lb', 'balancer'), host('p1', 'proxy'), host('n1', 'node'), host('n2', 'node')],
      } as unknown as Inventory,
      name,
    );

  it('are the host itself and those before it, in which something is changed on its account', () => {
    const roles = [role('balancer', 0), role('proxy', 3), role('node', 2)];
    expect(involved('n1', ...roles)).toEqual(['n1', 'p1']);
    expect(involved('p1', ...roles)).toEqual(['p1']);
  });

  it('are none but itself for a proxy, so that nothing for it can stay elsewhere', () => {
    const inventory = {
      playbook: { roles: [role('proxy', 3), role('node', 2)] },
      hosts: [host('p1', 'proxy'), host('p2', 'proxy'), host('n1', 'node')],
    } as unknown as Inventory;
    expect(isRelayedTo(inventory, 'n1')).toBe(true);
    expect(isRelayedTo(inventory, 'p1')).toBe(false);
  });

  it('are the same where nothing is ever changed on a host of its role', () => {
    expect(involved('n2', role('balancer', 3), role('proxy', 0), role('node', 0))).toEqual(['n2', 'lb']);
  });
});

describe('a host that is not in the inventory, and of which no other knows', () => {
  const advice = (name: string, ...names: readonly string[]) => {
    const hosts = names.map((one) => ({ name: one, role: 'node' }));
    const inventory = { file: 'prod.yaml', hosts } as unknown as Inventory;
    const planned = { plan: { hosts: [], byHand: [], warnings: [] } } as unknown as PlannedRun;
    try {
      ofAHostThatLeft(planned, inventory, name);
    } catch (error) {
      if (error instanceof OperatorError) return error.problem.next;
      throw error;
    }
    return undefined;
  };

  it('is told with all names that are like it, and no guess at one', () => {
    expect(advice('bbb-0', 'proxy-1', 'bbb-01', 'bbb-02')).toBe(
      'check its spelling (prod.yaml has bbb-01, bbb-02); if it was retired before, there is nothing left to do',
    );
    const many = Array.from({ length: 9 }, (_, index) => `bbb-0${index + 1}`);
    expect(advice('bbb-0', ...many)).toContain('bbb-05, bbb-06 and 3 more)');
  });

  it('is told alone where none is', () => {
    expect(advice('scalelite', 'proxy-1', 'bbb-01')).toBe(
      'check its spelling; if it was retired before, there is nothing left to do',
    );
  });
});

describe('a host that leaves while one that relays to it has to stay as it is', () => {
  const roles = ['proxy', 'node'].map((name) => ({ name, steps: [{}] }));
  const hosts = ['proxy', 'node'].map((role) => ({ name: `${role}-1`, role }));
  const inventory = { file: 'prod.yaml', playbook: { roles }, hosts } as unknown as Inventory;
  const lost = hostPlan('proxy-1', 'proxy', {
    ...{ unreachable: true, changes: [] },
    problem: { code: 'unreachable', message: 'no answer' },
  });
  const leaving = hostPlan('node-1', 'node', { retires: true });

  it('says which one, and what to do about it', () => {
    expect(keptElsewhereWarnings(inventory, [lost, leaving])).toEqual([
      "proxy-1 can't be reached, so it keeps what it has for node-1, which leaves nevertheless; once that is mended, run the command again; if it is gone for good, remove it from prod.yaml",
    ]);
    const refused = { ...lost, unreachable: false, problem: { code: 'no-systemd', message: '' } };
    expect(keptElsewhereWarnings(inventory, [refused, leaving])).toEqual([
      "proxy-1 can't be changed (no-systemd), so it keeps what it has for node-1, which leaves nevertheless; once that is mended, run the command again",
    ]);
  });

  it('says nothing where nobody leaves, or nobody is in the way', () => {
    expect(keptElsewhereWarnings(inventory, [lost, hostPlan('node-1', 'node')])).toEqual([]);
    expect(keptElsewhereWarnings(inventory, [hostPlan('proxy-1', 'proxy'), leaving])).toEqual([]);
    expect(keptElsewhereWarnings(inventory, [{ ...lost, skipped: true }, leaving])).toEqual([]);
  });
});

it('is told to stay elsewhere only for a host for which others have something', async () => {
  const roles = ['proxy', 'node'].map((name) => ({ name, steps: [{}] }));
  const hosts = ['proxy', 'node'].map((role) => ({ name: `${role}-1`, role }));
  const options = { inventory: { playbook: { roles }, hosts } } as unknown as ApplyOptions;
  const put = (role: string) =>
    ({
      ...{ plan: hostPlan(`${role}-1`, role, { retires: true }), status: 'deferred' },
      ...{ problem: undefined, ran: [], warnings: [], durationMs: 0 },
    }) as HostResult;
  const planner = { last: async () => [] } as unknown as Planner;
  const { warnings } = await applyLast(planner, [put('proxy'), put('node')], options, async () => {
    throw new Error('nothing is to be carried out');
  });
  expect(warnings).toEqual([
    'proxy-1 was not retired (deferred)',
    'node-1 was not retired (deferred): what other hosts have for it stays until it is',
  ]);
});
