import { describe, expect, it } from 'vitest';
import type { HostResult, Status } from '../../src/model/result.ts';
import { startTogether, togetherResults } from '../../src/run/together.ts';
import { hostPlan } from '../support/host-plan.ts';

const well = Promise.resolve(true);
const result = (host: string, status: Status, code?: string): HostResult => ({
  plan: hostPlan(host, 'node'),
  status,
  problem: code === undefined ? undefined : { code, message: code },
  ...{ ran: [], warnings: [], durationMs: 0 },
});
/** Whether it is decided, once all that is ready has run. */
async function isOpen(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol('open');
  const later = new Promise((resolve) => setImmediate(() => resolve(open)));
  return (await Promise.race([promise, later])) === open;
}

describe('hosts that end on one side', () => {
  it('begin when all of them have come, or won’t come', async () => {
    const together = startTogether(['a', 'b', 'c']);
    const a = together.begin('a');
    const b = together.begin('b');
    expect(await isOpen(a)).toBe(true);
    together.ended('c', 'deferred');
    await Promise.all([a, b]);
  });

  it('are told to stay when each of them is well', async () => {
    const together = startTogether(['a', 'b', 'c']);
    for (const host of ['a', 'b']) void together.begin(host);
    together.ended('c', 'deferred');
    const a = together.word('a', 600, well);
    expect(await isOpen(a)).toBe(true);
    const b = together.word('b', 600, well);
    expect(await Promise.all([a, b])).toEqual([true, true]);
    expect(together.because()).toBeUndefined();
  });

  it('are told to go back when one fails, isn’t well from outside, or doesn’t come in time', async () => {
    const fails = startTogether(['a', 'b']);
    const waiting = fails.word('a', 600, well);
    fails.ended('b', 'rolled-back');
    expect([await waiting, fails.because()]).toEqual([false, 'b']);

    const unwell = startTogether(['a', 'b']);
    const other = unwell.word('a', 600, well);
    expect(await unwell.word('b', 600, Promise.resolve(false))).toBe(false);
    expect([await other, unwell.because()]).toEqual([false, 'b']);

    const late = startTogether(['a', 'b']);
    expect([await late.word('a', 0.02, well), late.because()]).toEqual([false, 'b']);
    // Whoever comes later hears the same.
    expect(await late.word('b', 600, well)).toBe(false);
  });

  it('say because of whom they were put back, and who is where if they end on two sides', () => {
    const together = startTogether(['a', 'b', 'c']);
    together.ended('b', 'rolled-back');
    const [a, b, c] = togetherResults(together, [
      result('a', 'rolled-back', 'declined'),
      result('b', 'rolled-back', 'handler-failed'),
      result('c', 'kept', 'kept'),
    ]);
    expect([a?.problem?.code, b?.problem?.code, c?.problem?.code]).toEqual([
      ...['wave-reverted', 'handler-failed', 'kept'],
    ]);
    expect(a?.problem?.message).toContain('b was not changed as planned');
    for (const one of [a, b, c]) {
      expect(one?.warnings).toEqual([
        'the hosts that were changed together did not end the same: as planned: c; not so: a, b',
      ]);
    }
    const whole = [result('a', 'changed'), result('b', 'deferred')];
    expect(togetherResults(startTogether(['a', 'b']), whole)).toEqual(whole);
  });
});
