import { describe, expect, it } from 'vitest';
import type { PastRun } from '../../src/model/history.ts';
import type { Problem } from '../../src/model/operator-error.ts';
import { lastKept, pastRuns, type Remembered } from '../../src/plan/rollback/history.ts';
import { type ReportDocument, reportSchema } from '../../src/report/document/schema.ts';
import { renderHistory } from '../../src/report/terminal/history.ts';
import { renderStatus } from '../../src/report/terminal/status.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';
import { documentOf } from './documents.ts';
import { fileChange, hostPlan, hostResult, nodePlan, reloadNginx, runResult } from './plans.ts';

const style = makeStyle({ columns: 80, color: false, verbose: false });
const [one, two] = ['20261121T074501Z-4f2a9c', '20261122T080000Z-aaaaaa'];

interface Part {
  readonly host: string;
  readonly run: string;
  readonly state?: string;
  readonly undoes?: string;
  readonly problem?: Problem;
  readonly command?: string;
  readonly operator?: string;
}

function remembered(part: Part): Remembered {
  const { host, run, state = 'committed', undoes, problem, command = 'apply', operator = 'ada' } = part;
  const { path, kind, action, steps } = fileChange('/etc/a', 'x', 'y');
  return {
    host,
    role: 'node',
    run,
    state,
    problem,
    warnings: [],
    started: ['deferred', 'refused'].includes(state) ? [] : [reloadNginx.handler.id],
    begunAt: 1000,
    stateSince: 1012,
    record: {
      ...{ schemaVersion: 1, run, command, undoes, cluster: 'prod', host, operator, from: 'laptop' },
      version: '0.1.0',
      startedAt: '2026-11-21T07:45:01.000Z',
      changes: [{ path, kind, action, steps, before: 'a', after: 'b' }],
      handlers: [reloadNginx.handler],
    },
  };
}

function historyOf(runs: readonly PastRun[]): ReportDocument {
  return documentOf(runResult([], { command: 'history', run: undefined }), { runs });
}

const failure: Problem = { code: 'validation-failed', message: 'nginx does not accept it', next: 'mend it' };

describe('what hosts remember', () => {
  it('tells once what was begun only when people had gone, and still what was never begun', () => {
    const [tried] = pastRuns([
      remembered({ host: 'bbb-01', run: one, state: 'deferred' }),
      remembered({ host: 'bbb-01', run: `${one}-2`, state: 'deferred' }),
      remembered({ host: 'bbb-01', run: `${one}-3` }),
      remembered({ host: 'bbb-02', run: one, state: 'deferred' }),
    ]);
    expect(tried?.hosts.map(({ host, state, records }) => [host, state, records.length])).toEqual([
      ['bbb-01', 'committed', 1],
      ['bbb-02', 'deferred', 1],
    ]);
  });

  it('is one run for all hosts and stages, the latest first, and tells what was undone', () => {
    const runs = pastRuns([
      remembered({ host: 'proxy-1', run: one }),
      remembered({ host: 'proxy-1', run: `${one}-2` }),
      remembered({ host: 'bbb-01', run: one }),
      remembered({ host: 'bbb-01', run: two, command: 'rollback', undoes: one }),
    ]);
    expect(runs.map(({ run, undoes, undoneBy }) => [run, undoes, undoneBy])).toEqual([
      [two, one, undefined],
      // It is still in place on proxy-1.
      [one, undefined, undefined],
    ]);
    expect(runs[1]?.hosts.map(({ undoneBy }) => undoneBy)).toEqual([undefined, two]);
    expect(runs[1]?.hosts.map(({ host, records, durationMs }) => [host, records.length, durationMs])).toEqual(
      [
        ['proxy-1', 2, 24_000],
        ['bbb-01', 1, 12_000],
      ],
    );
  });

  it('is undone once it is on every host that it changed', () => {
    const three = '20261123T080000Z-bbbbbb';
    const runs = pastRuns([
      remembered({ host: 'proxy-1', run: one }),
      remembered({ host: 'proxy-1', run: three, command: 'rollback', undoes: one }),
      remembered({ host: 'bbb-01', run: one }),
      remembered({ host: 'bbb-01', run: two, command: 'rollback', undoes: one }),
      remembered({ host: 'bbb-02', run: one, state: 'deferred' }),
    ]);
    expect(runs.find(({ run }) => run === one)?.undoneBy).toBe(three);
  });

  it('tells what a run has done, not what it would have done on a host that was put off', () => {
    const runs = pastRuns([
      remembered({ host: 'bbb-01', run: one }),
      remembered({ host: 'bbb-01', run: two, command: 'rollback', undoes: one }),
      remembered({ host: 'bbb-02', run: one, state: 'deferred' }),
      remembered({ host: 'bbb-03', run: one }),
    ]);
    expect(runs[1]?.hosts.map(({ ran }) => ran)).toEqual([['reload-nginx'], [], ['reload-nginx']]);
    const [first] = historyOf(runs.slice(1)).runs ?? [];
    const text = renderHistory({ ...historyOf([]), runs: first === undefined ? [] : [first] }, style);
    expect(text.slice(2)).toEqual([
      '  bbb-01  changed       1 change; reload-nginx; 12 s; undone by run',
      `      ${two}`,
      '  bbb-02  deferred      12 s',
      '  bbb-03  changed       1 change; reload-nginx; 12 s',
    ]);
  });

  it('is not undone by a rollback that was rolled back itself', () => {
    const runs = pastRuns([
      remembered({ host: 'bbb-01', run: one }),
      remembered({ host: 'bbb-01', run: two, undoes: one, state: 'reverted' }),
    ]);
    expect(runs[1]?.undoneBy).toBeUndefined();
  });

  it('leaves out a run whose record never arrived', () => {
    expect(pastRuns([{ ...remembered({ host: 'bbb-01', run: one }), record: undefined }])).toEqual([]);
  });

  it('reads like this', () => {
    const runs = pastRuns([
      remembered({ host: 'bbb-01', run: one }),
      remembered({ host: 'bbb-02', run: one, state: 'reverted', problem: failure }),
      remembered({ host: 'bbb-03', run: one, state: 'open' }),
    ]);
    expect(
      renderHistory(historyOf(runs), style).join('\n'),
    ).toBe(`${one}: apply by ada from laptop, 2026-11-21 07:45:01 UTC,
  version 0.1.0
  bbb-01  changed       1 change; reload-nginx; 12 s
  bbb-02  rolled back   1 change; reload-nginx; 12 s
      error validation-failed: nginx does not accept it
        mend it
  bbb-03  not finished (open)  1 change; reload-nginx; 12 s`);
  });

  it('lists the paths with --verbose, and shows control characters', () => {
    const verbose = makeStyle({ columns: 80, color: false, verbose: true });
    const runs = pastRuns([remembered({ host: 'bbb-01', run: one, operator: 'e\u001b[31mve' })]);
    const text = renderHistory(historyOf(runs), verbose).join('\n');
    expect(text).toContain('      modify /etc/a (client-url)');
    expect(text).toContain('e^[[31mve');
  });

  it('is said where it is nothing', () => {
    expect(renderHistory(historyOf([]), style)).toEqual(['no host remembers a run']);
  });

  it('has a place in the JSON document', () => {
    const runs = pastRuns([remembered({ host: 'bbb-01', run: one, state: 'reverted', problem: failure })]);
    const options = { exitStatus: 0, byHand: [], errors: [], runs };
    const document = documentOf(runResult([], { command: 'history', run: undefined }), options);
    expect(reportSchema.strict().parse(document)).toEqual(document);
    expect(document.runs?.[0]).toMatchObject({
      run: one,
      operator: 'ada',
      from: 'laptop',
      hosts: [
        { name: 'bbb-01', state: 'reverted', error: { code: 'validation-failed' }, durationMs: 12_000 },
      ],
    });
  });
});

describe('the status of hosts', () => {
  it('tells since when a host is in sync, who is at work, and what is not finished', () => {
    const runs = pastRuns([
      remembered({ host: 'bbb-01', run: one }),
      remembered({ host: 'bbb-01', run: two, state: 'reverted' }),
      remembered({ host: 'bbb-02', run: one }),
    ]);
    const busy = { run: two, state: 'open', who: 'eve from desk, apply', alive: true };
    const plans = [
      hostPlan('bbb-01'),
      nodePlan('bbb-02', { unsettled: [{ run: two, state: 'stuck' }] }),
      hostPlan('bbb-03', { unsettled: [busy] }),
      hostPlan('bbb-04', { unreachable: true, problem: { code: 'unreachable', message: 'no answer' } }),
      hostPlan('bbb-05', { retires: true }),
    ];
    const statuses = ['in-sync', 'stuck', 'open', 'unreachable', 'in-sync'] as const;
    const hosts = plans.map((plan, index) =>
      hostResult(plan, statuses[index] ?? 'in-sync', { problem: plan.problem }),
    );
    const last = new Map(
      plans.flatMap(({ host }) => {
        const run = lastKept(runs, host);
        return run === undefined ? [] : [[host, run]];
      }),
    );
    expect(
      renderStatus(documentOf(runResult(hosts), { last }), style).join('\n'),
    ).toBe(`bbb-01: node, recipe 2.6: in sync since run ${one} (apply by
    ada from laptop, 2026-11-21 07:45:01 UTC)
bbb-02: node, recipe 2.6: not as planned (1 file, 1 restart); last changed by
    run ${one} (apply by ada from laptop, 2026-11-21 07:45:01
    UTC)
  warning: run ${two} could not restore the host and needs a
    person; apply tries again
bbb-03: node, recipe 2.6: it is being changed right now
  lock: run ${two} (eve from desk, apply) is working on it
    right now (open)
bbb-04: node, recipe 2.6: not known
  error unreachable: no answer
bbb-05: node, recipe 2.6: has left; clusterproxy keeps nothing there

5 hosts: 2 in sync, 1 still open, 1 unreachable, 1 stuck`);
  });

  it('does not claim that no run has changed a host that may have been retired', () => {
    const result = runResult([hostResult(nodePlan('bbb-01'), 'would-change')], { command: 'status' });
    const text = renderStatus(documentOf(result), style).join(' ').replace(/\s+/g, ' ');
    expect(text).toContain(
      'not as planned (1 file, 1 restart); no run that changed it is recorded there: it was never set up, or was retired',
    );
  });

  it('has the latest run of each host in the JSON document', () => {
    const [run] = pastRuns([remembered({ host: 'bbb-01', run: one })]);
    if (run === undefined) throw new Error('no run');
    const result = runResult([hostResult(hostPlan('bbb-01'), 'in-sync')], { command: 'status' });
    const options = { exitStatus: 0, byHand: [], errors: [], last: new Map([['bbb-01', run]]) };
    const document = documentOf(result, options);
    expect(reportSchema.strict().parse(document)).toEqual(document);
    expect(document.hosts[0]?.lastRun).toMatchObject({ run: one, operator: 'ada' });
  });
});
