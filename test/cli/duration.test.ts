import { expect, it } from 'vitest';
import { seconds, secondsFrom } from '../../src/cli/duration.ts';

it.each([
  ['90s', 90],
  ['10m', 600],
  ['1h30m', 5400],
  ['24h', 86_400],
  ['0', 0],
])('%s is a time', (text, expected) => {
  expect(seconds(text)).toBe(expected);
});

it.each(['', '10', 'm', '-5s', '1.5h', '10 m', '25h', '5d', '10m!', '9999999s'])('"%s" is none', (text) => {
  expect(() => seconds(text)).toThrow('such as 90s, 10m or 1h');
});

it('may be too short', () => {
  expect(() => secondsFrom(10)('9s')).toThrow('at least 10s');
  expect(secondsFrom(10)('10s')).toBe(10);
});
