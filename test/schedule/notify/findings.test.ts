import { expect, it } from 'vitest';
import { findingsOf, isUnknown } from '../../../src/schedule/notify/findings.ts';
import { documentOf, hostOf, measuredOf } from '../metrics/known.ts';

const now = Date.parse('2026-11-27T10:00:00.000Z');
const found = (...given: Parameters<typeof documentOf>) => findingsOf(documentOf(...given), now, () => 1);

it('tells of certificates by when they end', () => {
  const certificate = (ends: string, endsSoon: boolean, begins?: string) => ({
    measured: {
      ...measuredOf('prod'),
      certificates: [{ name: 'bbb.example.com', ends, endsSoon, ...(begins && { begins }) }],
    },
  });
  expect(found([], certificate('2027-02-01T00:00:00.000Z', false))).toEqual([]);
  expect(found([], certificate('2026-12-05T00:00:00.000Z', true))).toMatchObject([
    { kind: 'certificate', what: 'bbb.example.com', severity: 'ticket' },
  ]);
  expect(found([], certificate('2026-11-29T00:00:00.000Z', true))).toMatchObject([{ severity: 'page' }]);
  // One for six days is renewed with three days left: nobody is woken when two are.
  const short = (ends: string) => found([], certificate(ends, true, '2026-11-23T00:00:00.000Z'));
  expect(short('2026-11-29T00:00:00.000Z')).toMatchObject([{ severity: 'ticket' }]);
  expect(short('2026-11-28T09:00:00.000Z')).toMatchObject([{ severity: 'page' }]);
  // HAProxy renews one for six days with 12 hours left: nobody is woken before that.
  const ofHaproxy = {
    measured: {
      ...measuredOf('prod'),
      certificates: [
        {
          ...{ name: 'bbb.example.com', endsSoon: false, due: '2026-11-27T15:00:00.000Z' },
          ...{ begins: '2026-11-22T03:00:00.000Z', ends: '2026-11-28T03:00:00.000Z' },
        },
      ],
    },
  };
  expect(found([], ofHaproxy)).toEqual([]);
});

it('tells of drift that a step reports, and not of what is accepted or kept', () => {
  const left = (path: string, because: 'accepted' | 'report' | 'keep') => ({
    ...{ step: 'one', path, diff: '', handlers: [], items: [{ key: 'a', because }] },
  });
  const all = [left('/etc/a', 'accepted'), left('/etc/b', 'report'), left('/etc/c', 'keep')];
  expect(found([hostOf('bbb-01', { status: 'drifted', left: all })])).toMatchObject([
    { host: 'bbb-01', kind: 'drift', what: '/etc/b', severity: 'ticket' },
  ]);
});

it('new files that wait for a restart are no drift', () => {
  const changes = [{ path: '/etc/a' }] as never;
  const kinds = (status: 'owed' | 'deferred' | 'changed') =>
    found([hostOf('bbb-01', { status, changes })]).map(({ kind }) => kind);
  expect(kinds('owed')).toEqual(['put-off']);
  expect(kinds('deferred')).toEqual(['drift', 'put-off']);
  expect(kinds('changed')).toEqual([]);
});

it('what a step reports and leaves is not over because the rest was repaired', () => {
  const left = [
    { ...{ step: 'one', path: '/etc/b', diff: '', handlers: [] }, items: [{ because: 'report' }] },
  ];
  expect(found([hostOf('bbb-01', { status: 'changed', left: left as never })])).toMatchObject([
    { kind: 'drift', what: '/etc/b' },
  ]);
});

it('takes nothing for over that nobody has asked', () => {
  const answers = { host: 'proxy-1', kind: 'answers', what: 'join', severity: 'page' } as const;
  const checked = (outcome: 'passed' | 'failed' | 'not-asked') =>
    isUnknown(
      documentOf([hostOf('proxy-1')], { checks: [{ ...answers, id: 'join', outcome } as never] }),
      answers,
    );
  expect([checked('passed'), checked('failed'), checked('not-asked')]).toEqual([false, false, true]);
  const unreachable = hostOf('proxy-1', { status: 'unreachable' });
  expect(isUnknown(documentOf([unreachable], { checks: [] }), answers)).toBe(true);
  const certificate = { host: '', kind: 'certificate', what: 'bbb.example.com', severity: 'page' } as const;
  expect(isUnknown(documentOf([]), certificate)).toBe(false);
  expect(isUnknown(documentOf([]), { ...certificate, what: 'other.example.com' })).toBe(true);
});
