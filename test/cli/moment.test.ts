import { describe, expect, it } from 'vitest';
import { secondsUntil } from '../../src/cli/moment.ts';

const now = new Date(2026, 10, 26, 22, 30, 0);

describe('a moment to come', () => {
  it.each([
    ['90s', 90],
    ['8h', 28_800],
    ['2d12h', 216_000],
    ['23:00', 1_800],
    // Tomorrow.
    ['06:00', 27_000],
    ['6:00', 27_000],
    ['2026-11-27', 5_400],
    ['2026-11-27T06:00', 27_000],
    ['2026-11-27 06:00:30', 27_030],
    [new Date(now.getTime() + 60_000).toISOString().replace(/\.\d+/, ''), 60],
  ])('is %s', (value, seconds) => {
    expect(secondsUntil(value, now)).toBe(seconds);
  });

  it.each([
    ['tomorrow', 'such as 90m'],
    ['', 'such as 90m'],
    ['25:00', 'such as 90m'],
    ['2026-13-45', 'such as 90m'],
    ['0m', 'in the future'],
    ['2026-11-26T22:30', 'in the future'],
    ['2020-01-01', 'in the future'],
    ['400d', 'within a year'],
  ])('is not %s', (value, words) => {
    expect(() => secondsUntil(value, now)).toThrow(words);
  });
});
