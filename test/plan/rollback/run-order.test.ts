import fc from 'fast-check';
import { expect, it } from 'vitest';
import { runOrder } from '../../../src/plan/rollback/run-order.ts';

const run = (number: number) => `202611${10 + number}T000000Z-00000${number}`;
const ran = (...numbers: readonly number[]) => numbers.map((number) => ({ run: run(number) }));

it('keeps the order of each host, whatever the ids say of time', () => {
  expect(runOrder([ran(9, 1, 2)])).toEqual([9, 1, 2].map(run));
  expect(runOrder([ran(3, 1), ran(2, 3)])).toEqual([2, 3, 1].map(run));
});

it('tells runs without a common host apart by the clocks of hosts', () => {
  const [late, early] = [
    { run: run(1), begunAt: 200 },
    { run: run(2), begunAt: 100 },
  ];
  expect(runOrder([[late], [early]])).toEqual([run(2), run(1)]);
});

it('takes the stages of a run together', () => {
  expect(runOrder([[{ run: run(1) }, { run: `${run(1)}-2` }, { run: run(2) }]])).toEqual([run(1), run(2)]);
});

it('names each run once, and follows every host where they agree', () => {
  const orders = fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], { minLength: 10 });
  const shares = fc.array(fc.subarray([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), { maxLength: 5 });
  fc.assert(
    fc.property(orders, shares, (order, hosts) => {
      const each = hosts.map((some) => order.filter((number) => some.includes(number)));
      const merged = runOrder(each.map((numbers) => ran(...numbers)));
      expect([...merged].sort()).toEqual([...new Set(each.flat())].map(run).sort());
      for (const numbers of each) {
        expect(merged.filter((id) => numbers.map(run).includes(id))).toEqual(numbers.map(run));
      }
    }),
  );
});

it('comes to an end where hosts disagree', () => {
  expect(runOrder([ran(1, 2), ran(2, 1)])).toHaveLength(2);
});

it('takes no longer for each run the more there are', () => {
  const many = Array.from({ length: 20_000 }, (_, index) => ({
    run: `20261121T074501Z-${index.toString(16).padStart(6, '0')}`,
  }));
  // With a walk through all of them for each of them, this would be some billions of steps.
  expect(runOrder([many, many, [...many].reverse()])).toHaveLength(many.length);
});
