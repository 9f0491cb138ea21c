import { describe, expect, it } from 'vitest';
import type { RunKnown } from '../../../src/host/agreement.ts';
import type { Inventory, InventoryHost } from '../../../src/inventory/inventory.ts';
import type { Lease } from '../../../src/model/claims.ts';
import { exitStatusOf } from '../../../src/model/result.ts';
import { baseRun } from '../../../src/plan/rollback/plan-rollback.ts';
import {
  type Agreement,
  type RunOutcome,
  readAgreement,
  readOutcome,
  storedText,
} from '../../../src/plan/saved/agreement.ts';
import { runEnded } from '../../../src/run/again/abort-run.ts';
import { seenRun } from '../../../src/run/again/find-seen-run.ts';
import { findRun } from '../../../src/run/again/follow-run.ts';
import { isRunId } from '../../../src/run/again/identity.ts';
import { resultOfRun } from '../../../src/run/again/result-of-run.ts';
import { RunWatch } from '../../../src/run/again/run-watch.ts';
import { phaseOf, type RunPhase, type SeenOnHost, type SeenRun } from '../../../src/run/again/seen-run.ts';
import type { RunOptions } from '../../../src/run/options.ts';
import { stageRun } from '../../../src/run/run-id.ts';

const nobodyIsOver = () => false;
const us = '\u001f';
const lease: Lease = {
  ...{ by: 'ada', from: 'laptop', run: 'r', command: 'apply', process: '', since: 100, until: 700 },
};
const nothing: RunKnown = {
  ...{
    now: 200,
    lease: undefined,
    aborted: undefined,
    heard: false,
    agreement: undefined,
    outcome: undefined,
  },
  ...{ stages: [], others: [], elsewhere: [] },
};
const hostNamed = (name: string) => ({ name, role: 'node' }) as InventoryHost;
const seen = (name: string, known: Partial<RunKnown> = {}): SeenOnHost => ({
  host: hostNamed(name),
  known: { ...nothing, ...known },
  problem: undefined,
});
const stage = (state: string, { alive = false, run = 'r', log = [] as readonly string[] } = {}) => ({
  ...{ run, state, alive, log },
});
const agreement: Agreement = {
  ...{ schemaVersion: 1, run: 'r', call: 'c', command: 'apply', cluster: 'demo', by: 'ada', from: 'laptop' },
  ...{ version: '0.3.0', startedAt: '2026-11-26T18:00:00.000Z', drains: false },
  hosts: ['one', 'two', 'three'].map((host) => ({
    ...{ host, role: 'node', machineId: '', status: 'would-change' as const, due: host !== 'three' },
    stages: host === 'three' ? 0 : 1,
    ...(host === 'three' ? { status: 'in-sync' as const } : {}),
  })),
};
const oneHost = {
  ...{ host: 'one', role: 'node', machineId: '', status: 'would-change' as const, due: true },
};
const outcome: RunOutcome = {
  ...{ schemaVersion: 1, endedAt: '', interrupted: false, warnings: [] },
  hosts: [
    { host: 'one', status: 'changed', ran: ['restart'], warnings: [], durationMs: 5 },
    { host: 'two', status: 'unknown', ran: [], warnings: [], durationMs: 0 },
    { host: 'three', status: 'in-sync', ran: [], warnings: [], durationMs: 0 },
  ],
};
const run = (hosts: readonly SeenOnHost[], more: Partial<SeenRun> = {}): SeenRun => ({
  ...{ agreement, outcome: undefined, hosts },
  ...more,
});

describe('a run', () => {
  const committed = { stages: [stage('committed')] };
  it.each<[string, RunPhase, readonly SeenOnHost[], Partial<SeenRun>?]>([
    [
      'goes on where a host works on it',
      'going-on',
      [seen('one', { stages: [stage('open', { alive: true })] }), seen('two')],
    ],
    ['goes on while its controller has a host', 'going-on', [seen('one', committed), seen('two', { lease })]],
    ['is lost once that has expired', 'lost', [seen('one', committed), seen('two', { lease, now: 700 })]],
    [
      'is lost where nobody works on what was left open',
      'lost',
      [seen('one', { stages: [stage('open')] }), seen('two', committed)],
    ],
    [
      'has ended where all is done, whatever its controller says',
      'ended',
      [seen('one', committed), seen('two', committed)],
    ],
    [
      'has ended where a host has reverted',
      'ended',
      [seen('one', { stages: [stage('reverted')] }), seen('two', committed)],
    ],
    [
      'has ended once another one goes on with its rest',
      'ended',
      [seen('one', committed), seen('two', { lease, resumedBy: 'later' })],
    ],
    ['has ended once its controller says how', 'ended', [seen('one'), seen('two')], { outcome }],
    [
      'goes on where a host that was left to itself works',
      'going-on',
      [seen('one', { stages: [stage('open', { alive: true })] })],
      { outcome },
    ],
    [
      'is lost between two stages',
      'lost',
      [seen('one', committed), seen('two', committed)],
      { agreement: { ...agreement, hosts: agreement.hosts.map((one) => ({ ...one, stages: 2 })) } },
    ],
    [
      'is lost between two stages, however often a host was put off before',
      'lost',
      [seen('one', { stages: [stage('deferred'), stage('deferred'), stage('committed')] })],
      { agreement: { ...agreement, hosts: [{ ...oneHost, stages: 2 }] } },
    ],
    [
      'has ended where a host was put off before all of it was done',
      'ended',
      [seen('one', { stages: [stage('deferred'), stage('committed'), stage('committed')] })],
      { agreement: { ...agreement, hosts: [{ ...oneHost, stages: 2 }] } },
    ],
  ])('%s', (_, phase, hosts, more) => {
    expect(phaseOf(run(hosts, more), nobodyIsOver)).toBe(phase);
  });

  it('is lost at once if its controller is known to be dead', () => {
    expect(phaseOf(run([seen('one', { lease }), seen('two')]), () => true)).toBe('lost');
  });
});

describe('what was agreed on, where a host has altered it', () => {
  const inventory = { file: 'prod.yaml', cluster: { name: 'demo' } } as Inventory;
  const stored = (more: Partial<Agreement> = {}) => ({ agreement: storedText({ ...agreement, ...more }) });

  it('is what most hosts have stored, and names the others', () => {
    const found = seenRun(
      'r',
      [seen('one', stored({ by: 'eve' })), seen('two', stored()), seen('three', stored())],
      inventory,
    );
    expect(found.agreement.by).toBe('ada');
    expect(found.differing).toEqual(['one']);
  });

  it.each([{ run: '../../../x' }, { cluster: 'another' }])('is never about another run: %o', (more) => {
    const hosts = [seen('one', stored(more)), seen('two', stored(more)), seen('three', stored())];
    const found = seenRun('r', hosts, inventory);
    expect(found.agreement).toMatchObject({ run: 'r', cluster: 'demo' });
    expect(found.differing).toEqual(['one', 'two']);
    expect(() => seenRun('r', hosts.slice(0, 2), inventory)).toThrow(/is damaged/);
  });
});

it.each(['', '..', '../x', 'a b', 'a\u001fb'])('no host is asked for a run %j', async (id) => {
  const options = { inventory: { file: 'prod.yaml' } } as RunOptions;
  const watch = new RunWatch(id, options);
  await expect(findRun(watch, options)).rejects.toMatchObject({ problem: { code: 'run-unknown' } });
});

describe('the result of a run', () => {
  const telling = { command: 'follow', file: 'prod.yaml' };
  const statuses = (of: SeenRun, phase: RunPhase) =>
    resultOfRun(of, phase, telling).hosts.map(({ status, problem }) => [status, problem?.code]);

  it('tells what became of a host that it has queued, and where one still waits', () => {
    const hosts = outcome.hosts.map((one) => ({ ...one, status: 'queued' as const }));
    const of = (state: string) =>
      run([seen('one', { stages: [stage(state)] })], { outcome: { ...outcome, hosts } });
    expect(statuses(of('queued'), 'ended')[0]).toEqual(['queued', undefined]);
    expect(statuses(of('committed'), 'ended')[0]).toEqual(['changed', undefined]);
    expect(statuses(of('abandoned'), 'ended')[0]?.[0]).toBe('failed');
    expect(runEnded(of('queued'), 'x').next).toBe('take that back: clusterproxy withdraw --inventory x one');
    expect(runEnded(of('committed'), 'x').message).toContain('nothing to abort');
  });

  it('is what its controller said, and what a host has said since that it could not ask', () => {
    const log = [`state${us}committed${us}150`];
    const all = run([seen('one'), seen('two', { stages: [stage('committed', { log })] })], { outcome });
    expect(statuses(all, 'ended')).toEqual([
      ['changed', undefined],
      ['changed', undefined],
      ['in-sync', undefined],
    ]);
    expect(exitStatusOf(resultOfRun(all, 'ended', telling), { comparing: false })).toBe(0);
  });

  it('tells without a controller what the hosts know, and of what was left how to go on', () => {
    const log = [`problem${us}check-failed${us}it did not come up${us}look`, `state${us}reverted${us}150`];
    const all = run([seen('one', { stages: [stage('reverted', { log })] }), seen('two')]);
    expect(statuses(all, 'lost')).toEqual([
      ['rolled-back', 'check-failed'],
      ['not-started', 'controller-lost'],
      ['in-sync', undefined],
    ]);
    const result = resultOfRun(all, 'lost', telling);
    expect(result.hosts[1]?.problem?.next).toBe(
      'go on with what is left: clusterproxy resume --inventory prod.yaml r',
    );
    expect(exitStatusOf(result, { comparing: false })).toBe(3);
  });

  it('says of a host that can not be asked that nothing is known of it', () => {
    const problem = { code: 'unreachable', message: 'gone' };
    const away = { host: hostNamed('two'), known: undefined, problem };
    const all = run([seen('one', { stages: [stage('committed')] }), away]);
    expect(statuses(all, 'lost')[1]).toEqual(['unknown', 'unreachable']);
  });

  it('is that of an interruption if somebody has aborted it, with who', () => {
    const aborted = { by: 'brian', from: 'desk', since: 150 };
    const result = resultOfRun(run([seen('one', { aborted }), seen('two')]), 'lost', telling);
    expect(result).toMatchObject({ interrupted: true, aborted });
    expect(exitStatusOf(result, { comparing: false })).toBe(130);
  });
});

describe('what is stored', () => {
  it('is read as it was written, and nothing else is', () => {
    expect(readAgreement(storedText(agreement))).toEqual(agreement);
    expect(readOutcome(storedText(outcome))).toEqual(outcome);
    expect(readAgreement(storedText(outcome))).toBe(undefined);
    expect(readAgreement(Buffer.from('no gzip'))).toBe(undefined);
    expect(readOutcome(storedText({ ...outcome, schemaVersion: 2 } as unknown as RunOutcome))).toBe(
      undefined,
    );
  });
});

describe('a run that is looked for', () => {
  const inventory = { file: 'prod.yaml', cluster: { name: 'demo' } } as Inventory;
  const look =
    (...hosts: readonly SeenOnHost[]) =>
    () =>
      seenRun('r', hosts, inventory);
  const withCode = (code: string, message: string) =>
    expect.objectContaining({
      problem: expect.objectContaining({ code, message: expect.stringContaining(message) }),
    });

  it('is found on any host that knows it', () => {
    expect(look(seen('one'), seen('two', { agreement: storedText(agreement) }))().agreement).toEqual(
      agreement,
    );
  });

  it('is not mixed up with what is nearly it', () => {
    expect(look(seen('one', { others: ['q', 'something-else'] }))).toThrow(
      withCode('run-unknown', 'no host that could be asked remembers the run r'),
    );
    const away = { host: hostNamed('two'), known: undefined, problem: undefined };
    expect(look(seen('one'), away)).toThrow(withCode('run-unknown', '(not reached: two)'));
    expect(look(seen('one', { elsewhere: ['school'] }))).toThrow(
      withCode('run-elsewhere', 'school, and not to demo'),
    );
    expect(look(seen('one', { stages: [stage('committed')] }))).toThrow(
      withCode('agreement-forgotten', 'one remembers'),
    );
    expect(look(seen('one', { agreement: Buffer.from('x') }))).toThrow(
      withCode('agreement-unreadable', 'newer version'),
    );
  });
});

it.each<readonly [string, boolean]>([
  ['20261121T074501Z-4f2a9c', true],
  ['deploy-42', true],
  // Of a pipeline, with the time, its number and that of the job.
  ['20261121T074501Z-4711-12', true],
  ['a'.repeat(64), true],
  ['a'.repeat(65), false],
  // A stage of the run `deploy`.
  ['deploy-2', false],
  ['deploy-', false],
  ['-deploy', false],
  // The unit that brings the run `x` to its end at boot.
  ['settle-x', false],
  // The unit that asks whether the run `x` may begin.
  ['queued-x', false],
  ['../x', false],
  ['a b', false],
  ['', false],
])('%j as the id of a run: %s', (id, isOne) => {
  expect(isRunId(id)).toBe(isOne);
  // Its stages are known as such.
  if (isOne) expect([1, 2, 9].map((number) => baseRun(stageRun(id, number)))).toEqual([id, id, id]);
});
