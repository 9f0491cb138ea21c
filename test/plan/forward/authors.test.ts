import { describe, expect, it } from 'vitest';
import type { ChangedSince } from '../../../src/model/author.ts';
import { noReads } from '../../../src/model/reads.ts';
import type { Snapshot } from '../../../src/model/snapshot.ts';
import { leftDocument } from '../../../src/report/document/accepted.ts';
import { changesDocument } from '../../../src/report/document/stage.ts';
import { SecretRegister } from '../../../src/secrets/register.ts';
import { stageOf } from '../../support/host-plan.ts';
import { carriedOutHost, edited, planWith, wantedStep } from '../../support/recorded-run.ts';
import { snapshotOf } from '../../support/snapshot-from-folder.ts';

const path = '/etc/app.properties';
const at = 1_795_000_000;
const byAda: ChangedSince = {
  at,
  clock: 'Tuesday 2026-11-17 03:06',
  ambiguous: false,
  read: 'all',
  traces: [{ kind: 'person', name: 'ada', from: at, to: at + 1, perhaps: at + 1 }],
};
const fresh = snapshotOf(
  { folders: [], files: { [path]: '# ours\na=0\nb = 0\n' }, name: 'node-01' },
  { ...noReads, paths: [path, '/etc'] },
);
const step = (set: Record<string, string>, onDrift: 'fix' | 'report' | 'keep' = 'fix') => [
  { ...wantedStep('settings', 'properties', { path, set }), onDrift },
];
const since = (snapshot: Snapshot, seen = byAda): Snapshot => ({
  ...snapshot,
  changedSince: new Map([[path, seen]]),
});
const written = (set = { a: '1', b: '1' }) => carriedOutHost(planWith(fresh, step(set)));
const byHand = () => since(edited(written(), path, (text) => text.replace('a=1', 'a=9')));

describe('who changed something', () => {
  it('is asked for what is no longer as it was written', () => {
    const { authors } = stageOf(planWith(byHand(), step({ a: '1', b: '1' })));
    expect(authors?.get(path)).toMatchObject({ kind: 'person', name: 'ada', at });
  });

  it('is nobody where only the inventory has changed, whatever happened to the file meanwhile', () => {
    expect(stageOf(planWith(since(written()), step({ a: '2', b: '1' }))).authors).toBeUndefined();
    // Somebody changed what stays as it is, the inventory what is changed.
    const plan = planWith(byHand(), step({ a: '1', b: '2' }, 'keep'));
    expect(stageOf(plan).changes).toHaveLength(1);
    expect(stageOf(plan).authors).toBeUndefined();
  });

  it('is nobody where a secret of the inventory was rotated, and somebody where it was changed by hand', () => {
    const [former, rotated] = ['former-5Zk2Q9wXvL', 'rotated-8Hq4N1tYbR'];
    const register = new SecretRegister();
    register.add(former);
    register.add(rotated);
    const first = planWith(fresh, step({ a: former }), register);
    const done = carriedOutHost(first);
    expect(stageOf(first).ledger?.items[0]?.activated).toMatch(/^scrypt:/);
    const next = stageOf(planWith(since(done), step({ a: rotated }), register));
    expect([next.changes.length, next.authors]).toEqual([1, undefined]);
    const drifted = since(edited(done, path, (text) => text.replace(former, 'by-hand')));
    expect(stageOf(planWith(drifted, step({ a: former }), register)).authors?.get(path)).toMatchObject({
      name: 'ada',
    });
  });

  it.each(['report', 'keep'] as const)('is told of what stays as it is as well: %s', (onDrift) => {
    const plan = planWith(byHand(), step({ a: '1', b: '1' }, onDrift));
    expect(plan.left?.[0]?.author).toMatchObject({ kind: 'person', name: 'ada' });
    expect(leftDocument(plan.left, 3600).left?.[0]?.author).toEqual({
      ...{ kind: 'person', name: 'ada', clock: byAda.clock, evidence: "sudo's log" },
      at: new Date((at - 3600) * 1000).toISOString(),
    });
  });

  it('is unknown where the logs could not be read to their end', () => {
    const seen = { ...byAda, read: 'packages' } as const;
    const { authors } = stageOf(planWith(since({ ...byHand() }, seen), step({ a: '1', b: '1' })));
    expect(authors?.get(path)).toMatchObject({ kind: 'unknown' });
  });

  it('reaches no document with anything that could move a cursor', () => {
    const hostile = '\u001b[2Jada\u0007\n\u009b31m';
    const seen: ChangedSince = {
      ...byAda,
      clock: hostile,
      traces: [{ kind: 'person', name: hostile, from: at, to: at + 1, perhaps: at + 1 }],
    };
    const stage = stageOf(planWith(since(byHand(), seen), step({ a: '1', b: '1' })));
    const [told] = changesDocument(stage, { number: 1, isLast: false });
    const { name = '', clock = '' } = told?.author ?? {};
    expect([name, clock].join(' ')).toMatch(/ada/);
    expect(`${name}${clock}`).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  });
});
