import { expect, it } from 'vitest';
import { cordonsIn } from '../../src/host/cordons.ts';
import { compareVersions } from '../../src/plan/forecast/debian-version.ts';
import { cordonWarnings } from '../../src/run/busy/cordoned.ts';
import { readUpgradeFacts, upgradeNotes } from '../../src/run/upgrade/facts.ts';

// One host that is broken, or lies, must not end a command about all of them.
const wrong = ['', 'x', '-1', '1e300', '9'.repeat(15), '9'.repeat(400)];

it.each(wrong)('a node may be out since %j', (time) => {
  const [cordon] = cordonsIn([['cordon', 'prod', 'bbb-01', '', 'r', 'ada', time, time]]);
  expect(cordon).toMatchObject({ since: 0, deadline: 0 });
  const all = cordon === undefined ? [] : [{ cordon, teller: 'lb-1', machineId: '' }];
  expect(cordonWarnings('bbb-01', all)).toHaveLength(1);
});

it.each(wrong)('package lists may be of %j', (time) => {
  const facts = readUpgradeFacts(`lists\u001f${time}`);
  const upgrade = { kind: 'apt' as const, packages: [], conffiles: 'keep' as const };
  const notes = upgradeNotes({ ...upgrade, timeLimit: 60, to: undefined }, { facts, saved: true });
  expect(notes.join()).toContain('by the package lists that the host has, there is nothing to upgrade');
});

it('a version may have any number of digits', { timeout: 20_000 }, () => {
  const digits = '9'.repeat(10_000_000);
  expect(compareVersions(`1.${digits}1`, `1.${digits}2`)).toBe(-1);
});
