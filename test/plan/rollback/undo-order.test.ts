import { describe, expect, it } from 'vitest';
import type { FirstTouch } from '../../../src/model/ledger.ts';
import type { RunRecord } from '../../../src/model/transaction.ts';
import { itemHash } from '../../../src/plan/items.ts';
import { isUndoneBackwards } from '../../../src/plan/rollback/undo-order.ts';

const run = (number: number) => `2026112${number}T000000Z-00000${number}`;
const [first, second, third] = [run(1), run(2), run(3)];
const absent: FirstTouch = { kind: 'absent' };
const block = (value: string): FirstTouch => ({ kind: 'value', value });

function record(id: string, items: readonly (readonly [FirstTouch, FirstTouch])[], more = {}): RunRecord {
  const named = items.map(([before, after], index) => ({
    ...{ step: 'locations', path: '/etc/nginx/nodes.conf', format: 'nginx', key: [`/bbb-0${index + 1}`] },
    ...{ before: itemHash(before), after: itemHash(after) },
  }));
  return { run: id, host: 'proxy-1', items: named, ...more } as unknown as RunRecord;
}

const backwards = (id: string, ...records: readonly RunRecord[]) =>
  isUndoneBackwards(id, records, new Set(['proxy-1']));

describe('the order in which a run is undone', () => {
  it('is the opposite one where the proxy had nothing for its nodes before', () => {
    expect(backwards(first, record(first, [[absent, block('a')]]))).toBe(true);
    expect(backwards(first, record(`${first}-2`, [[absent, block('a')]]))).toBe(true);
  });

  it('is the usual one where the proxy gets back what a rollback or a take-down took away', () => {
    expect(backwards(second, record(second, [[block('a'), absent]], { undoes: first }))).toBe(false);
    expect(backwards(second, record(second, [[block('a'), absent]]))).toBe(false);
  });

  it('is the opposite one where something is taken away as well', () => {
    const both = record(first, [
      [block('a'), absent],
      [absent, block('b')],
    ]);
    expect(backwards(first, both)).toBe(true);
  });

  it('follows what was undone where values only became others', () => {
    const applied = record(first, [[block('a'), block('b')]]);
    const undone = record(second, [[block('b'), block('a')]], { undoes: first });
    const again = record(third, [[block('a'), block('b')]], { undoes: second });
    expect(backwards(first, applied)).toBe(true);
    expect(backwards(second, applied, undone)).toBe(false);
    expect(backwards(third, applied, undone, again)).toBe(true);
    // Whether that run did or undid something isn't known any more.
    expect(backwards(third, again)).toBe(true);
  });

  it('is the opposite one where the proxy had no part in the run', () => {
    expect(backwards(second, record(second, [], { host: 'bbb-01', undoes: first }))).toBe(true);
  });
});
