import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Interval } from '../../../src/calendar/intervals.ts';
import { dealSlots } from '../../../src/run/queue/slots.ts';

const minute = 60_000;
const hour = 60 * minute;

/** How many hosts may be at work at once at worst: each begins at any time in its slots. */
function mostAtOnce(slots: readonly (readonly Interval[])[], needed: number): number {
  const edges = slots.flatMap((own) =>
    own.flatMap(({ from, to }) => [
      { at: from, by: 1 },
      { at: to + needed, by: -1 },
    ]),
  );
  let [now, most] = [0, 0];
  for (const { by } of edges.sort((one, other) => one.at - other.at || one.by - other.by)) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}

const openTimes = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 20 * 60 }), fc.integer({ min: 1, max: 20 * 60 })), {
    maxLength: 8,
  })
  .map((pairs) => {
    let at = 0;
    return pairs.map(([pause, length]) => {
      const from = at + pause * minute;
      at = from + length * minute;
      return { from, to: at };
    });
  });

describe('the slots of hosts that begin by themselves', () => {
  it('never let more hosts be at work at once than may be, nor any of them at work when a window closes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 6 }),
        openTimes,
        fc.integer({ min: 1, max: 240 }).map((minutes) => minutes * minute),
        (hosts, atOnce, open, needed) => {
          const slots = dealSlots({ hosts, atOnce, open, needed });
          expect(slots).toHaveLength(hosts);
          expect(mostAtOnce(slots, needed)).toBeLessThanOrEqual(atOnce);
          for (const { from, to } of slots.flat()) {
            expect(to).toBeGreaterThan(from);
            expect(open.some((one) => one.from <= from && to + needed <= one.to)).toBe(true);
          }
        },
      ),
    );
  });

  it('are the whole window where all may be at work at once', () => {
    const open = [
      { from: 0, to: 3 * hour },
      { from: 10 * hour, to: 10 * hour + 5 * minute },
    ];
    expect(dealSlots({ hosts: 2, atOnce: 2, open, needed: hour })).toEqual([
      [{ from: 0, to: 2 * hour }],
      [{ from: 0, to: 2 * hour }],
    ]);
  });

  it('go round, so that each host has its turn in every long window', () => {
    const open = [{ from: 0, to: 7 * 24 * hour }];
    const slots = dealSlots({ hosts: 5, atOnce: 1, open, needed: 20 * minute });
    for (const own of slots) {
      expect(own.length).toBeGreaterThan(40);
      expect(Math.max(...own.map(({ from }, index) => from - (own[index - 1]?.to ?? 0)))).toBeLessThan(
        4 * hour,
      );
    }
  });

  it('go on in the next window with whoever had none in the last', () => {
    const open = [0, 24, 48].map((from) => ({ from: from * hour, to: from * hour + 40 * minute }));
    const slots = dealSlots({ hosts: 3, atOnce: 1, open, needed: 30 * minute });
    expect(slots.map((own) => own.map(({ from }) => from / hour))).toEqual([[0], [24], [48]]);
  });

  it('are shortened where that gives everybody a turn', () => {
    const open = [{ from: 0, to: 2 * hour }];
    const slots = dealSlots({ hosts: 3, atOnce: 1, open, needed: 30 * minute });
    expect(slots.map((own) => own.length)).toEqual([1, 1, 1]);
  });
});
