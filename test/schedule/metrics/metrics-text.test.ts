import { describe, expect, it } from 'vitest';
import { contract } from '../../../src/schedule/metrics/contract.ts';
import { metricsText } from '../../../src/schedule/metrics/metrics-text.ts';
import type { Records } from '../../../src/schedule/records.ts';
import { changeOf, documentOf, hostOf, measuredOf, valueIn } from './known.ts';

const seconds = (iso: string) => Date.parse(iso) / 1_000;
const differing = hostOf('bbb-01', {
  status: 'would-change',
  changes: [changeOf('/etc/a'), changeOf('/etc/b')],
});
const summary = (exitStatus: number) => ({ ...documentOf([]).summary, exitStatus });
const failed = documentOf(
  [],
  { summary: summary(1), errors: [{ code: 'yaml', message: 'no' }] },
  '2026-11-27T11:00:00.000Z',
);

function ranAt(at: string, more: Partial<Records['runs'][number]> = {}): Records['runs'][number] {
  return {
    ...{
      at,
      endedAt: at,
      policy: 'fix' as const,
      did: 'fix' as const,
      run: null,
      exitStatus: 0,
      statuses: {},
    },
    ...{ missed: [], putOff: [], errors: [], ...more },
  };
}

it('tells what a look found', async () => {
  const hosts = [
    hostOf('proxy-1', { role: 'proxy' }),
    differing,
    hostOf('bbb-02', { status: 'unreachable' }),
  ];
  const text = await metricsText(documentOf(hosts, { summary: summary(3) }));
  const prod = (name: string, more = '') => valueIn(text, `clusterproxy_${name}{cluster="prod"${more}}`);
  expect(prod('info', ',playbook="bigbluebutton",version="1.2.3"')).toBe(1);
  expect(prod('last_run_success')).toBe(0);
  expect(prod('last_run_exit_status')).toBe(3);
  expect(prod('last_run_duration_seconds')).toBe(4);
  expect(prod('last_success_timestamp_seconds')).toBeUndefined();
  expect(prod('phase_duration_seconds', ',phase="looking"')).toBe(1.5);
  expect(prod('hosts', ',role="node",status="would-change"')).toBe(1);
  expect(prod('hosts', ',role="node",status="in-sync"')).toBe(0);
  expect(prod('hosts', ',role="proxy",status="in-sync"')).toBe(1);
  expect(prod('host_differences', ',host="bbb-01",role="node",kind="file"')).toBe(2);
  expect(prod('host_differences', ',host="proxy-1",role="proxy",kind="file"')).toBe(0);
  expect(prod('host_differences', ',host="bbb-02",role="node",kind="file"')).toBeUndefined();
  expect(prod('certificate_end_timestamp_seconds', ',name="bbb.example.com"')).toBe(
    seconds('2027-01-01T00:00:00.000Z'),
  );
  // Valid for 90 days: a quarter of them before its end.
  expect(prod('certificate_late_timestamp_seconds', ',name="bbb.example.com"')).toBe(
    seconds('2026-12-09T12:00:00.000Z'),
  );
});

it('a certificate is late by whoever renews it', async () => {
  const measured = measuredOf('prod');
  const due = '2026-12-24T12:00:00.000Z';
  const document = documentOf([], {
    measured: { ...measured, certificates: measured.certificates.map((one) => ({ ...one, due })) },
  });
  const text = await metricsText(document);
  const late = 'clusterproxy_certificate_late_timestamp_seconds{cluster="prod",name="bbb.example.com"}';
  expect(valueIn(text, late)).toBe(seconds('2026-12-26T09:00:00.000Z'));
});

it('every series has exactly the labels of the contract', async () => {
  const host = hostOf('bbb-01', {
    ...{ status: 'deferred', changes: [changeOf('/etc/a')] },
    lease: { run: 'x', command: 'apply', by: 'ada', from: 'desk', since: '2026-11-27T09:00:00.000Z' },
  });
  const text = await metricsText(
    documentOf([host], {
      holds: [{ by: 'ada', from: 'desk', reason: 'exams', since: '2026-11-27T08:00:00.000Z', hosts: [] }],
      checks: [{ host: 'proxy-1', role: 'proxy', id: 'a', title: 'a', outcome: 'failed' }],
    }),
  );
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  for (const { name, labels } of contract) {
    const own = lines.filter((line) => line.startsWith(`${name}{`));
    expect(own, name).not.toEqual([]);
    for (const line of own)
      expect([...line.matchAll(/(\w+)="/g)].map(([, label]) => label).sort()).toEqual([...labels].sort());
  }
});

it('says nothing of people, meetings and secrets, or of what errors say', async () => {
  const private_ = 'Maths with Ada';
  const host = hostOf('bbb-01', {
    ...{ status: 'deferred', error: { code: 'busy', message: private_ }, warnings: [private_] },
    guards: [{ guard: 'meetings', state: 'busy', sessions: [private_], summary: private_ }],
    changes: [{ ...changeOf('/etc/a'), diff: `-${private_}` }],
    lease: { run: 'x', command: private_, by: private_, from: private_, since: '2026-11-27T09:00:00.000Z' },
  });
  const document = documentOf([host], { warnings: [private_], errors: [{ code: 'x', message: private_ }] });
  expect(await metricsText(document)).not.toMatch(/Maths|Ada/);
});

describe('after a look that failed', () => {
  it('the last success stays what it was told to be', async () => {
    const former = await metricsText(documentOf([differing]));
    const text = await metricsText(failed, { former });
    const series = 'clusterproxy_last_success_timestamp_seconds{cluster="prod"}';
    expect(valueIn(text, series)).toBe(seconds('2026-11-27T10:00:04.000Z'));
    expect(valueIn(text, 'clusterproxy_last_run_success{cluster="prod"}')).toBe(0);
    expect(text).not.toContain('clusterproxy_host_differences');
  });

  it('the cluster is known from before, if the inventory could not be read', async () => {
    const former = await metricsText(documentOf([]));
    const { cluster: _, ...measured } = measuredOf('prod');
    const text = await metricsText({ ...failed, measured }, { former });
    expect(valueIn(text, 'clusterproxy_last_run_success{cluster="prod"}')).toBe(0);
  });

  it("the schedule's records count as well", async () => {
    const runs = [
      ranAt('2026-11-27T11:00:00.000Z', { exitStatus: 3 }),
      ranAt('2026-11-27T10:30:00.000Z', { exitStatus: 5 }),
    ];
    const text = await metricsText(failed, { records: { schemaVersion: 1, runs, differences: [] } });
    expect(valueIn(text, 'clusterproxy_last_success_timestamp_seconds{cluster="prod"}')).toBe(
      seconds('2026-11-27T10:30:00.000Z'),
    );
  });
});

describe('since when', () => {
  const differs =
    'clusterproxy_host_differs_since_timestamp_seconds{cluster="prod",host="bbb-01",role="node"}';
  const deferred =
    'clusterproxy_host_deferred_since_timestamp_seconds{cluster="prod",host="bbb-01",role="node"}';

  it('a host differs: as first told, until it is as planned', async () => {
    const first = await metricsText(documentOf([differing]));
    const second = await metricsText(documentOf([differing], {}, '2026-11-27T12:00:00.000Z'), {
      former: first,
    });
    expect(valueIn(second, differs)).toBe(seconds('2026-11-27T10:00:04.000Z'));
    const lost = await metricsText(documentOf([hostOf('bbb-01', { status: 'unreachable' })]), {
      former: second,
    });
    expect(valueIn(lost, differs)).toBe(seconds('2026-11-27T10:00:04.000Z'));
    const sound = await metricsText(documentOf([hostOf('bbb-01')]), { former: lost });
    expect(valueIn(sound, differs)).toBeUndefined();
  });

  it('it is put off: since the first of the repairs that put it off, whoever looks between', async () => {
    const putOff = [{ host: 'bbb-01', code: 'busy', message: 'busy' }];
    const runs = [
      ranAt('2026-11-27T12:00:00.000Z', { did: 'report' }),
      ranAt('2026-11-27T11:00:00.000Z', { putOff }),
      ranAt('2026-11-27T10:00:00.000Z', { putOff }),
      ranAt('2026-11-27T09:00:00.000Z'),
      ranAt('2026-11-27T08:00:00.000Z', { putOff }),
    ];
    const records = { schemaVersion: 1 as const, runs, differences: [] };
    const text = await metricsText(documentOf([differing]), { records });
    expect(valueIn(text, deferred)).toBe(seconds('2026-11-27T10:00:00.000Z'));
    expect(valueIn(await metricsText(documentOf([hostOf('bbb-01')]), { records }), deferred)).toBeUndefined();
  });
});

it('names with quotes, backslashes and line ends survive from one text to the next', async () => {
  const name = 'a "b"\\n\nc';
  const measured = measuredOf(name);
  const former = await metricsText({ ...documentOf([]), measured });
  const text = await metricsText({ ...failed, measured }, { former });
  expect(text).toContain(`clusterproxy_last_success_timestamp_seconds{cluster="a \\"b\\"\\\\n\\nc"}`);
});
