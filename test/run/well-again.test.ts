import { describe, expect, it } from 'vitest';
import type { UnitState } from '../../src/model/snapshot.ts';
import { readRebootFacts } from '../../src/run/reboot/facts.ts';
import { missingAfter, otherMissing, type SeenHost } from '../../src/run/reboot/well-again.ts';

const unit = (active: string, load = 'loaded') =>
  ({ load, active, sub: '', enabled: 'enabled' }) as UnitState;
const seen = (
  units: Readonly<Record<string, UnitState>>,
  { failed = [], services = [], down }: { failed?: string[]; services?: string[]; down?: string } = {},
): SeenHost => ({
  snapshot: { units: new Map(Object.entries(units)), failedUnits: failed },
  facts: { needed: [], services },
  down,
});

describe('a host that was restarted', () => {
  it('is well if all that was active is, and nothing else has failed', () => {
    const before = seen({ web: unit('active'), old: unit('inactive'), none: unit('active', 'not-found') });
    expect(missingAfter(before, seen({ web: unit('active'), old: unit('inactive') }))).toEqual([]);
  });

  it.each([
    [seen({ web: unit('activating') }), ['web is activating']],
    [seen({}), ['web is gone']],
    [seen({ web: unit('active') }, { failed: ['disk.mount'] }), ['disk.mount is failed']],
    [seen({ web: unit('active') }, { down: "http://x doesn't answer" }), ["http://x doesn't answer"]],
  ])('is not well otherwise', (after, missing) => {
    expect(missingAfter(seen({ web: unit('active') }), after)).toEqual(missing);
  });

  it('need not do what it did not do before', () => {
    const before = seen({ web: unit('failed') }, { failed: ['web'], down: 'web is failed' });
    const after = seen({ web: unit('failed') }, { failed: ['web'], down: 'web is failed' });
    expect(missingAfter(before, after)).toEqual([]);
  });

  it('names other services that no longer run', () => {
    const before = seen(
      { web: unit('active') },
      { services: ['web.service', 'by-hand.service', 'x.socket'] },
    );
    expect(otherMissing(before, seen({}, { services: ['x.socket'] }))).toEqual(['by-hand.service']);
  });
});

it('says in words why it is needed, without what could end a line', () => {
  const facts = readRebootFacts(
    'required\u001f\nkernel\u001f6.1\u001f6.\u001b2\nservice\u001fa.service\nelse\n',
  );
  expect(facts).toEqual({
    needed: ['the distribution asks for a restart', 'it runs the kernel 6.1, and 6.2 is installed'],
    services: ['a.service'],
  });
});
