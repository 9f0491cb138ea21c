import { expect, test } from 'vitest';
import { pauseBefore, pauseBeforeAsking } from '../../../src/schedule/watch/next-look.ts';

test('looks come at about the time that was asked for, a tenth more or less', () => {
  expect(pauseBefore(600, 0)).toBe(540);
  expect(pauseBefore(600, 0.5)).toBe(600);
  expect(pauseBefore(600, 1)).toBe(660);
});

test('a host that does not answer is asked soon, then less often, and at least once a minute', () => {
  const pauses = [0, 1, 2, 3, 100].map((tries) => pauseBeforeAsking(600, tries));
  expect(pauses).toEqual([15, 30, 60, 60, 60]);
  expect(pauseBeforeAsking(30, 5)).toBe(7.5);
});
