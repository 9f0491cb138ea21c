import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareVersions } from '../../../src/plan/forecast/debian-version.ts';

it.each([
  ['1.0', '1.0', 0],
  ['1:3.0.4-1', '1:3.0.27-1', -1],
  ['1:2.7', '3.0', 1],
  ['3.0~rc1', '3.0', -1],
  ['3.0~rc1', '3.0~~', 1],
  ['3.0+1', '3.0-1', 1],
  ['1.0a', '1.0+', -1],
  ['2.10', '2.9', 1],
  ['2.010', '2.10', 0],
  ['99999999999999999999', '99999999999999999998', 1],
])('%s, %s: %i', (one, other, expected) => {
  expect(Math.sign(compareVersions(one, other))).toBe(expected);
  expect(Math.sign(compareVersions(other, one))).toBe(expected === 0 ? 0 : -expected);
});

const hasDpkg = spawnSync('dpkg', ['--version']).status === 0;

it.skipIf(!hasDpkg)('compares as dpkg does', () => {
  const part = fc.stringMatching(/^[0-9][0-9a-zA-Z.+~]{0,6}$/);
  const version = fc
    .tuple(fc.option(fc.nat(3)), part, fc.option(fc.stringMatching(/^[0-9a-zA-Z.+~]{1,4}$/)))
    .map(
      ([epoch, upstream, revision]) =>
        `${epoch === null ? '' : `${epoch}:`}${upstream}${revision === null ? '' : `-${revision}`}`,
    );
  fc.assert(
    fc.property(version, version, (one, other) => {
      const { status } = spawnSync('dpkg', ['--compare-versions', one, 'lt', other]);
      expect(compareVersions(one, other) < 0, `${one} < ${other}`).toBe(status === 0);
    }),
    { numRuns: 60 },
  );
});
