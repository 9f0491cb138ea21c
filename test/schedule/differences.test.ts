import { expect, it } from 'vitest';
import type { Difference, ScheduledRun } from '../../src/model/schedule.ts';
import type { ReportHost, ReportStatus } from '../../src/report/document/schema.ts';
import { differencesAfter, putOffIn } from '../../src/schedule/differences.ts';
import { lastLook, noRecords, type Records, withRun } from '../../src/schedule/records.ts';

const host = (name: string, status: ReportStatus, paths: readonly string[] = [], more: object = {}) =>
  ({
    name,
    status,
    changes: paths.map((path) => ({ path })),
    handlers: [],
    ...more,
  }) as unknown as ReportHost;
const [first, second] = ['2026-11-26T10:00:00.000Z', '2026-11-27T10:00:00.000Z'];
const before: readonly Difference[] = [
  { host: 'a', what: '/etc/x', since: first },
  { host: 'a', what: '/etc/y', since: first },
  { host: 'b', what: '/etc/x', since: first },
];

it.each<[ReportStatus, readonly string[], readonly (readonly [string, string])[]]>([
  ['in-sync', [], []],
  ['changed', ['/etc/x'], []],
  ['done', ['/etc/x'], []],
  // Its new files are in place; see below for its restarts.
  ['owed', ['/etc/x'], []],
  [
    'would-change',
    ['/etc/x', '/etc/z'],
    [
      ['/etc/x', first],
      ['/etc/z', second],
    ],
  ],
  ['deferred', ['/etc/y'], [['/etc/y', first]]],
  ['rolled-back', ['/etc/y'], [['/etc/y', first]]],
  ['queued', ['/etc/y', '/etc/y'], [['/etc/y', first]]],
  // Nobody knows how it is: as it was.
  [
    'unreachable',
    [],
    [
      ['/etc/x', first],
      ['/etc/y', first],
    ],
  ],
  [
    'off',
    [],
    [
      ['/etc/x', first],
      ['/etc/y', first],
    ],
  ],
  [
    'skipped',
    [],
    [
      ['/etc/x', first],
      ['/etc/y', first],
    ],
  ],
])('of a host that is %s', (status, paths, expected) => {
  const after = differencesAfter(before, { hosts: [host('a', status, paths)] }, second);
  expect(after.map(({ host: name, what, since }) => [name, what, since])).toEqual(
    expected.map(([what, since]) => ['a', what, since]),
  );
});

it('who has changed it stays known, also where a later look can not tell', () => {
  const seen = (author: object | undefined) =>
    host('a', 'would-change', [], { changes: [{ path: '/etc/x', author }] });
  const by = { kind: 'package', name: 'demo', version: '2.0', evidence: 'dpkg' };
  const unknown = { kind: 'unknown', evidence: 'its logs are gone' };
  const [none] = differencesAfter([], { hosts: [seen(undefined)] }, first);
  expect(none).toEqual({ host: 'a', what: '/etc/x', since: first });
  const found = differencesAfter([], { hosts: [seen({ ...by, at: first })] }, first);
  expect(found).toEqual([{ host: 'a', what: '/etc/x', since: first, author: by }]);
  expect(differencesAfter(found, { hosts: [seen(unknown)] }, second)).toEqual(found);
  expect(differencesAfter([], { hosts: [seen(unknown)] }, first)).toMatchObject([{ author: unknown }]);
  const other = { ...by, version: '3.0' };
  expect(differencesAfter(found, { hosts: [seen(other)] }, second)).toMatchObject([
    { since: first, author: other },
  ]);
});

it('begins anew when something was as planned meanwhile', () => {
  const sound = differencesAfter(before, { hosts: [host('a', 'in-sync')] }, first);
  const [again] = differencesAfter(sound, { hosts: [host('a', 'would-change', ['/etc/x'])] }, second);
  expect(again?.since).toBe(second);
});

it('counts restarts that are owed', () => {
  const owed = host('a', 'owed', [], { handlers: [{ owed: 'an earlier run', ran: false }] });
  expect(differencesAfter([], { hosts: [owed] }, second)).toEqual([
    { host: 'a', what: 'restarts', since: second },
  ]);
});

it('tells why something was put off', () => {
  const outside = { code: 'outside-window', message: 'no window is open' };
  const busy = { code: 'busy', message: 'running classes: 1' };
  const hosts = [
    host('a', 'would-change', ['/etc/x']),
    host('b', 'deferred', ['/etc/x'], { error: busy }),
    host('c', 'queued', ['/etc/x']),
    host('d', 'failed', ['/etc/x'], { error: { code: 'command-failed', message: 'no' } }),
  ];
  expect(putOffIn({ hosts }, outside)).toEqual([
    outside,
    { host: 'b', ...busy },
    { host: 'c', code: 'queued', message: 'the host changes itself once nobody is there' },
  ]);
  // Nothing differs, so nothing was put off.
  expect(putOffIn({ hosts: [host('a', 'in-sync')] }, outside)).toEqual([]);
  const held = { code: 'held', message: 'exams' };
  expect(putOffIn({ hosts: hosts.slice(0, 1), errors: [held] }, undefined)).toEqual([held]);
});

const run = (at: string, more: Partial<ScheduledRun> = {}): ScheduledRun => ({
  ...{ at, endedAt: at, policy: 'report', did: 'report', run: null, exitStatus: 0 },
  ...{ statuses: { 'in-sync': 1 }, missed: [], putOff: [], errors: [] },
  ...more,
});

it('remembers many runs, and of few of them all that they told', () => {
  let records: Records = noRecords;
  const dropped: string[] = [];
  for (let number = 0; number < 250; number++) {
    const at = new Date(number * 1_000).toISOString();
    const after = withRun(records, run(at, { report: `${number}.json` }), { hosts: [] });
    records = after.records;
    dropped.push(...after.dropped);
  }
  expect(records.runs).toHaveLength(200);
  expect(records.runs[0]?.report).toBe('249.json');
  const kept = records.runs.flatMap(({ report }) => report ?? []);
  expect(kept).toHaveLength(30);
  expect(dropped).toHaveLength(220);
  expect(new Set([...kept, ...dropped]).size).toBe(250);
});

it('a run that could not look leaves what differs, and misses windows', () => {
  const failed = run(second, { statuses: {}, errors: [{ code: 'secret-env-missing', message: 'no' }] });
  const looked = withRun(noRecords, run(first), { hosts: [host('a', 'would-change', ['/etc/x'])] }).records;
  const { records } = withRun(looked, failed, undefined);
  expect(records.differences).toEqual(looked.differences);
  expect(lastLook(records)).toBe(Date.parse(first));
  expect(lastLook(noRecords)).toBeUndefined();
});
