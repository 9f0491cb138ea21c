import { describe, expect, it } from 'vitest';
import { isTaller, pagerOf } from '../../src/report/pager.ts';

describe('a pager', () => {
  it.each([
    [{}, 'less'],
    [{ PAGER: 'more' }, 'more'],
    [{ PAGER: 'more', CLUSTERPROXY_PAGER: 'less -S' }, 'less -S'],
    [{ PAGER: 'cat' }, undefined],
    [{ PAGER: '' }, undefined],
    [{ PAGER: 'more', CLUSTERPROXY_PAGER: '' }, undefined],
    [{ TERM: 'dumb' }, undefined],
  ])('is, by %j: %s', (variables, pager) => {
    expect(pagerOf(variables)).toBe(pager);
  });

  it('is for what the terminal has no room for, as it breaks lines', () => {
    const screen = { rows: 4, columns: 10 };
    expect(isTaller('1\n2\n3\n', screen)).toBe(false);
    expect(isTaller('1\n2\n3\n4\n', screen)).toBe(true);
    expect(isTaller(`1\n${'x'.repeat(10)}\n3\n`, screen)).toBe(false);
    expect(isTaller(`1\n${'x'.repeat(11)}\n3\n`, screen)).toBe(true);
    expect(isTaller(`1\n\x1b[31m${'x'.repeat(10)}\x1b[39m\n3\n`, screen)).toBe(false);
    expect(isTaller(`1\n${'会'.repeat(6)}\n3\n`, screen)).toBe(true);
    // A terminal that doesn't know its size.
    expect(isTaller('1\n'.repeat(100), { rows: 0, columns: 0 })).toBe(false);
  });
});
