import { describe, expect, it } from 'vitest';
import type { Inventory, InventoryHost } from '../../src/inventory/inventory.ts';
import type { Role } from '../../src/model/playbook.ts';
import { limitOfRetiring } from '../../src/run/retire.ts';

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

  it('are the same where nothing is ever changed on a host of its role', () => {
    expect(involved('n2', role('balancer', 3), role('proxy', 0), role('node', 0))).toEqual(['n2', 'lb']);
  });
});
