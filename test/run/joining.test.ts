import { describe, expect, it } from 'vitest';
import type { Inventory, InventoryHost } from '../../src/inventory/inventory.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import type { WhenBusy } from '../../src/model/when-busy.ts';
import { drainRefusal } from '../../src/run/busy/drain-refusal.ts';
import { policyOf } from '../../src/run/busy/policy.ts';
import { fingerprintOfKey, givenKeys } from '../../src/run/membership/given-keys.ts';
import { asJoining, joiningHost, withJoining } from '../../src/run/membership/joining.ts';
import { hostPlan } from '../support/host-plan.ts';

const node = { name: 'n1', role: 'node', state: 'off' } as InventoryHost;
const inventoryOf = (whenBusy: WhenBusy, hosts: readonly InventoryHost[] = [node]) =>
  ({ file: 'prod.yaml', hosts, whenBusy }) as Inventory;
const nobodySays: WhenBusy = { all: undefined, roles: new Map() };

describe('a host that joins', () => {
  it('is waited for where nobody says what is done with its role', () => {
    const policy = (whenBusy: WhenBusy, role = 'node') =>
      policyOf(role, { inventory: withJoining(inventoryOf(whenBusy), node), whenBusy: undefined });
    expect(policy(nobodySays)).toBe('wait');
    expect(policy(nobodySays, 'proxy')).toBe('refuse');
    expect(policy({ all: 'drain', roles: new Map() })).toBe('drain');
    expect(policy({ all: undefined, roles: new Map([['node', 'refuse']]) })).toBe('refuse');
  });

  it('is one that is expected to answer', () => {
    expect(withJoining(inventoryOf(nobodySays), node).hosts).toMatchObject([{ name: 'n1', state: 'active' }]);
  });

  it('counts as out while it serves nobody, as it is new or was off', () => {
    const managed = { ledger: { items: [{}] } } as unknown as Snapshot;
    const bare = {} as Snapshot;
    const down = (state: InventoryHost['state'], snapshot: Snapshot | undefined) => {
      const plan = { hosts: [hostPlan('n1', 'node', { snapshot })], byHand: [], warnings: [] };
      return asJoining(plan, { name: 'n1', state }).hosts[0]?.down;
    };
    expect([down('off', managed), down('active', bare)]).toEqual(['it is joining', 'it is joining']);
    expect([down('active', managed), down('off', undefined)]).toEqual([undefined, undefined]);
  });

  it('is in the inventory, and not as one that leaves', () => {
    const codeOf = (name: string, state: InventoryHost['state']) => {
      try {
        joiningHost(inventoryOf(nobodySays, [{ ...node, state }]), name);
        return 'none';
      } catch (error) {
        return (error as { problem: { code: string } }).problem.code;
      }
    };
    expect([codeOf('n1', 'active'), codeOf('n1', 'off')]).toEqual(['none', 'none']);
    expect([codeOf('n1', 'retired'), codeOf('n2', 'active')]).toEqual(['host-retired', 'host-unknown']);
  });
});

describe('the key that came with a machine', () => {
  // ssh-keygen -lf prints this fingerprint for it.
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl github';
  const printed = 'SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU';

  it('is given as its fingerprint, or as it is', () => {
    expect(fingerprintOfKey(key)).toBe(printed);
    expect(givenKeys({ fingerprints: [printed], hostKeys: [key] })).toEqual([printed]);
  });

  it.each([
    ['a path', '/etc/ssh/ssh_host_ed25519_key.pub'],
    ['another type than it says', key.replace('ssh-ed25519', 'ssh-rsa')],
    ['nothing', ''],
    ['a line of known_hosts', `example.com ${key}`],
  ])('is not %s', (_what, text) => {
    expect(fingerprintOfKey(text)).toBe(undefined);
    expect(() => givenKeys({ fingerprints: [], hostKeys: [text] })).toThrow('not a public key');
  });

  it('has no fingerprint of another form', () => {
    expect(() => givenKeys({ fingerprints: ['MD5:00:11'], hostKeys: [] })).toThrow('SHA-256');
  });
});

describe('hosts that are left out', () => {
  it('need not be drained', () => {
    const guards = [{ id: 'g', query: { kind: 'program', program: '', args: [] }, description: '' }];
    const handler = { id: 'h', actions: [], guards, checks: [], rewrites: [], timeout: 1, settle: 0 };
    const handlers = [{ handler, because: ['x'] }] as never;
    const plan = (skipped: boolean) => hostPlan('n1', 'node', { handlers, skipped });
    const options = { inventory: inventoryOf({ all: 'drain', roles: new Map() }, []), whenBusy: undefined };
    expect(drainRefusal([plan(true)], options)).toBe(undefined);
    expect(drainRefusal([plan(false)], options)).toMatchObject({ code: 'no-drain' });
  });
});
