import { describe, expect, it } from 'vitest';
import { isAboutRecords, withRecordTrouble } from '../../src/run/record-trouble.ts';
import { resultOfHostPlan } from '../../src/run/result-of-plan.ts';
import { hostPlan } from '../report/plans.ts';

const damaged = { code: 'record-damaged', message: 'the record is damaged', next: 'restore it' };
const silent = { code: 'connection-lost', message: 'it is gone', next: 'try again' };
const result = (name: string, rest: Parameters<typeof hostPlan>[1] = {}) =>
  resultOfHostPlan(hostPlan(name, rest));

describe('what is wrong with the records of a host', () => {
  it.each([
    ['is told of a host in sync', {}, damaged, 'damaged', 'record-damaged'],
    ['leaves a problem of its own', { problem: silent }, damaged, 'failed', 'connection-lost'],
    [
      'leaves a run that needs a person',
      { unsettled: [{ run: 'R', state: 'stuck' }] },
      damaged,
      'stuck',
      'record-damaged',
    ],
    ['is nothing else that went wrong meanwhile', {}, silent, 'in-sync', undefined],
  ] as const)('%s', (_what, rest, problem, status, code) => {
    const [told] = withRecordTrouble([result('bbb-01', rest)], [result('bbb-01', { problem })]);
    expect([told?.status, told?.problem?.code, told?.plan.problem?.code]).toEqual([status, code, code]);
    expect(isAboutRecords(told?.problem)).toBe(code === 'record-damaged');
  });
});
