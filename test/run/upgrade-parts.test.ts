import { describe, expect, it } from 'vitest';
import type { UpgradeCommand } from '../../src/model/upgrade.ts';
import { digestOf } from '../../src/run/upgrade/action.ts';
import { readUpgradeFacts, upgradeNotes } from '../../src/run/upgrade/facts.ts';
import { recordedOf } from '../../src/run/upgrade/recorded.ts';
import { snapshotWords } from '../../src/run/upgrade/snapshot-command.ts';
import { canaryOf } from '../../src/run/upgrade/soak.ts';

const byScript: UpgradeCommand = {
  ...{ kind: 'script', file: '/a/up.sh', sha256: 'aa', args: ['-v', '3'] },
  ...{ timeLimit: 60, to: undefined },
};
const byApt: UpgradeCommand = {
  ...{ kind: 'apt', packages: ['app'], conffiles: 'keep' },
  ...{ timeLimit: 60, to: undefined },
};

describe('the digest of an upgrade', () => {
  it('goes by what it does, not by where it lies or how long it may take', () => {
    expect(digestOf({ ...byScript, file: '/b/other.sh', timeLimit: 90 })).toBe(digestOf(byScript));
  });

  it.each<UpgradeCommand>([
    { ...byScript, sha256: 'ab' },
    { ...byScript, args: ['-v 3'] },
    { ...byScript, to: '3.0.1' },
    byApt,
    { ...byApt, conffiles: 'replace' },
    { ...byApt, packages: ['app', 'lib'] },
  ])('is another one for another upgrade', (other) => {
    expect(digestOf(other)).not.toBe(digestOf(byScript));
    expect(digestOf({ ...other, to: 'x' })).not.toBe(digestOf(other));
  });
});

describe('what a host remembers of an upgrade', () => {
  const run = (
    id: string,
    state: string,
    rest: { acted?: string[]; done?: string[]; digest?: string } = {},
  ) => ({
    ...{ run: id, state, stateSince: 7, problem: undefined },
    record: { actions: [{ step: 's', name: 'up', kind: 'script', digest: rest.digest ?? 'd' }] } as never,
    ...{ acted: rest.acted ?? [], done: rest.done ?? [] },
  });
  const begun = { acted: ['up'] };
  const done = { acted: ['up'], done: ['up'] };

  it.each([
    ['nothing', [], 'never'],
    ['another one', [run('1', 'committed', { ...done, digest: 'other' })], 'never'],
    ['one that was put off', [run('1', 'deferred')], 'never'],
    ['one that was done', [run('1', 'committed', done)], 'done'],
    ['one that was done, and then ended early', [run('1', 'abandoned', done)], 'done'],
    ['one that failed', [run('1', 'refused', begun)], 'failed'],
    ['one that was broken off', [run('1', 'abandoned', begun)], 'failed'],
    ['one that goes on', [run('1', 'acting', begun)], 'underway'],
    ['one that is about to begin', [run('1', 'running')], 'underway'],
    ['one that failed, and was repeated', [run('1', 'refused', begun), run('2', 'committed', done)], 'done'],
    [
      'one that was done, and put off when repeated',
      [run('1', 'committed', done), run('2', 'deferred')],
      'done',
    ],
  ])('%s', (_, runs, kind) => {
    expect(recordedOf(runs, 'd').kind).toBe(kind);
  });

  it('counts from the first that was upgraded', () => {
    expect(canaryOf([])).toBeUndefined();
    expect(
      canaryOf([
        { host: 'b', since: 5 },
        { host: 'a', since: 3 },
      ])?.host,
    ).toBe('a');
  });
});

describe('what is said before an upgrade', () => {
  const facts = readUpgradeFacts(
    [
      'missing\u001fgone',
      'lists\u001f1790000000.5',
      'becomes\u001fapp\u001f1.0\u001f2.0',
      'becomes\u001fnginx\u001f1.18\u001f1.24',
      'becomes\u001flibfoo\u001f\u001f3',
      'edited\u001f/etc/app.conf',
    ].join('\n'),
  );

  it('names what else is touched, what stays, and that nothing of it can be undone', () => {
    const notes = upgradeNotes(byApt, { facts: { ...facts, lists: 1_790_000_000 }, saved: false });
    expect(notes).toEqual([
      'by the package lists that the host has, of 2026-09-21: app 1.0 -> 2.0',
      'it touches besides: nginx 1.18 -> 1.24',
      'and other packages: libfoo 3 (new)',
      'not installed, so not upgraded: gone',
      'kept where the new version changes them, as they were edited on the host: /etc/app.conf',
      expect.stringContaining("it can't be undone: save the host first"),
      expect.stringContaining('looked at anew'),
    ]);
    expect(facts.lists).toBeUndefined();
  });

  it('says that it is not known, of a script and where the host can not tell', () => {
    expect(upgradeNotes(byScript, { facts: undefined, saved: true })[0]).toContain("can't be known");
    const unknown = readUpgradeFacts('unknown\u001fUnable to locate package app');
    expect(upgradeNotes(byApt, { facts: unknown, saved: true })[0]).toContain('Unable to locate');
  });
});

it('fills a host into the words of the program that saves it, as they are', () => {
  const host = { name: 'n-1', address: '192.0.2.1' };
  expect(snapshotWords(['save', '{{ host.name }}@{{host.address}}', '$&'], host)).toEqual([
    ...['save', 'n-1@192.0.2.1', '$&'],
  ]);
});
