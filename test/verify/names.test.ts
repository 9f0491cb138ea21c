import { describe, expect, it } from 'vitest';
import { judgeNames } from '../../src/verify/names.ts';

const own = { here: ['192.0.2.1'], there: ['192.0.2.1'] };
const other = { here: ['192.0.2.2'], there: ['192.0.2.2'] };

describe('names here and on a host', () => {
  it('are sound where both find the same', () => {
    const verdict = judgeNames([
      { name: 'a', ...own },
      { name: 'b', ...other },
    ]);
    expect(verdict).toEqual({
      outcome: 'passed',
      expected: 'the host resolves a and b, each to an address of its own',
      found: 'so it does, as this machine does',
    });
  });

  it('may differ where a network answers differently inside: that is a note', () => {
    const verdict = judgeNames([
      { name: 'a', here: ['192.0.2.1'], there: ['10.0.0.1'] },
      { name: 'b', ...other },
    ]);
    expect(verdict).toMatchObject({
      outcome: 'passed',
      found: 'so it does',
      note: 'a has 10.0.0.1 on the host and 192.0.2.1 here, as in networks that answer differently inside and outside',
    });
  });

  it('need not have all addresses in common, as with several and with IPv6', () => {
    const verdict = judgeNames([{ name: 'a', here: ['192.0.2.1', '2001:db8::1'], there: ['2001:db8::1'] }]);
    expect(verdict).toMatchObject({ outcome: 'passed' });
    expect(verdict.note).toBeUndefined();
  });

  it('are a fault where one leads to another, and where the host finds none', () => {
    const swapped = judgeNames([
      { name: 'a', here: ['192.0.2.1'], there: ['192.0.2.2'] },
      { name: 'b', here: ['192.0.2.2'], there: ['192.0.2.1'] },
    ]);
    expect(swapped).toMatchObject({
      outcome: 'failed',
      found:
        'a has 192.0.2.2 on the host, which is the address of b; b has 192.0.2.1 on the host, which is the address of a',
    });
    expect(judgeNames([{ name: 'a', here: ['192.0.2.1'], there: [] }])).toMatchObject({
      outcome: 'failed',
      found: 'a does not resolve on the host',
    });
  });

  it('are none where all have one address, as behind one NAT', () => {
    const same = { here: ['192.0.2.9'], there: ['192.0.2.9'] };
    const verdict = judgeNames([
      { name: 'a', ...same },
      { name: 'b', ...same },
    ]);
    expect(verdict.outcome).toBe('passed');
    // Inside, each has its own.
    const inside = judgeNames([
      { name: 'a', here: ['192.0.2.9'], there: ['10.0.0.1'] },
      { name: 'b', here: ['192.0.2.9'], there: ['10.0.0.2'] },
    ]);
    expect(inside.outcome).toBe('passed');
  });

  it("say nothing where this machine can't ask, but for what the host says by itself", () => {
    const unasked = { name: 'a', here: undefined };
    expect(judgeNames([{ ...unasked, there: ['10.0.0.1'] }])).toMatchObject({
      outcome: 'not-asked',
      found: "this machine can't resolve names at the moment",
    });
    expect(judgeNames([{ ...unasked, there: [] }])).toMatchObject({ outcome: 'failed' });
  });

  it('that do not resolve here are a note: others say what follows', () => {
    expect(judgeNames([{ name: 'a', here: [], there: ['10.0.0.1'] }])).toMatchObject({
      outcome: 'passed',
      note: 'a has 10.0.0.1 on the host, and does not resolve here',
    });
  });
});
