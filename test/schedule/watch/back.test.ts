import { expect, test } from 'vitest';
import { anyIsBack } from '../../../src/schedule/watch/back.ts';

const never = new AbortController().signal;

test('the first one that is back counts, and nobody waits for those that say nothing', async () => {
  const given: string[] = [];
  const silent = (one: string, signal: AbortSignal) =>
    new Promise<boolean>((resolve) => {
      signal.addEventListener('abort', () => {
        given.push(one);
        resolve(false);
      });
    });
  const ask = (one: string, signal: AbortSignal) =>
    one === 'back' ? Promise.resolve(true) : silent(one, signal);
  expect(await anyIsBack(['a', 'back', 'b'], ask, never)).toBe(true);
  expect(given).toEqual(['a', 'b']);
});

test('none is back, and none is asked once it is to end', async () => {
  const asked: number[] = [];
  const ask = async (one: number) => {
    asked.push(one);
    return false;
  };
  expect(await anyIsBack([1, 2], ask, never)).toBe(false);
  expect(await anyIsBack([], ask, never)).toBe(false);
  expect(await anyIsBack([3], ask, AbortSignal.abort())).toBe(false);
  expect(asked).toEqual([1, 2]);
});
