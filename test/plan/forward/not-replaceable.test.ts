import { describe, expect, it } from 'vitest';
import { noReads } from '../../../src/model/reads.ts';
import type { Snapshot } from '../../../src/model/snapshot.ts';
import { noSystemd } from '../../../src/plan/forward/no-systemd.ts';
import { notReplaceable } from '../../../src/plan/forward/not-replaceable.ts';
import { planHostRollback } from '../../../src/plan/rollback/plan-rollback.ts';
import { stageOf } from '../../support/host-plan.ts';
import { carriedOutHost, planWith, recorded, wantedStep } from '../../support/recorded-run.ts';
import { snapshotOf } from '../../support/snapshot-from-folder.ts';

const path = '/etc/a.properties';
const before = snapshotOf({ name: 'a', files: { [path]: 'a=1\n' } }, { ...noReads, paths: [path, '/etc'] });
const steps = [wantedStep('keys', 'properties', { path, set: { a: '2' } })];
const unsettled = [{ run: '20261121T074501Z-4f2a9c', state: 'stuck' }];

describe.each<[string, Partial<Snapshot>, string, Partial<Snapshot>]>([
  ['a mount point', { mountPoints: new Set([path]) }, 'file-mounted', { mountPoints: new Set(['/etc']) }],
  ['a hard link', { secondNames: new Set([path]) }, 'file-has-second-name', { secondNames: new Set() }],
])('a file that is %s', (_, odd, code, usual) => {
  it('is refused in the plan, with its step', () => {
    expect(() => planWith({ ...before, ...odd }, steps)).toThrow(path);
    const { changes } = stageOf(planWith(before, steps));
    expect(notReplaceable({ ...before, ...odd }, { changes })).toMatchObject({
      code,
      step: 'keys',
      host: 'a',
    });
    expect(notReplaceable({ ...before, ...usual }, { changes })).toBeUndefined();
  });

  it('is refused in a rollback as well', () => {
    const plan = planWith(before, steps);
    const now = { ...carriedOutHost(plan), ...odd };
    expect(planHostRollback(now, [recorded(plan)], { force: false }).problem).toMatchObject({ code });
  });

  it('is nobody’s business where it does not change', () => {
    expect(planWith({ ...before, ...odd }, []).problem).toBeUndefined();
  });
});

it('second names of a run that is not finished are its own', () => {
  const { changes } = stageOf(planWith(before, steps));
  const snapshot = { ...before, secondNames: new Set([path]), unsettled };
  expect(notReplaceable(snapshot, { changes })).toBeUndefined();
});

it.each([
  [235, 'systemd-too-old'],
  [236, undefined],
  [257, undefined],
  [undefined, undefined],
])('systemd %s: %s', (systemdVersion, code) => {
  expect(noSystemd({ ...before, systemd: true, systemdVersion })?.code).toBe(code);
});
