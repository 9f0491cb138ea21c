import { describe, expect, it } from 'vitest';
import type { Handler } from '../../../src/model/handler.ts';
import { noReads } from '../../../src/model/reads.ts';
import type { Snapshot } from '../../../src/model/snapshot.ts';
import type { Evaluation, Wanted } from '../../../src/plan/forward/evaluate.ts';
import { owedRestarts, unknownOwed } from '../../../src/plan/forward/owed-restarts.ts';
import { carriedOutHost, evaluated, planWith, wantedStep } from '../../support/recorded-run.ts';
import { snapshotOf } from '../../support/snapshot-from-folder.ts';

const path = '/etc/test.properties';
const restart: Handler = {
  id: 'restart',
  validate: undefined,
  actions: [{ kind: 'restart', unit: 'web.service' }],
  checks: [{ kind: 'active', unit: 'web.service' }],
  guards: [],
  timeout: 60,
  settle: 0,
  rewrites: [],
};
const command: Handler = { ...restart, actions: [{ kind: 'command', argv: ['restart-all'] }] };

const steps = (values: Record<string, string>): Wanted['steps'] => [
  { ...wantedStep('keys', 'properties', { path, set: values }), notify: ['restart'] },
];

interface Facts {
  readonly changedAt?: number;
  readonly startedAt?: number;
  /** nothing runs */
  readonly stopped?: boolean;
  readonly owed?: readonly string[];
}

function host(
  text: string,
  { changedAt = 200, startedAt = 100, stopped = false, owed = [] }: Facts,
  before?: Snapshot,
): Snapshot {
  const snapshot = snapshotOf(
    { name: 'a', files: { [path]: text }, ...(before?.ledger && { ledger: before.ledger }) },
    { ...noReads, paths: [path, '/etc'] },
  );
  const web = {
    load: 'loaded',
    active: 'active',
    sub: 'running',
    enabled: 'enabled',
    startedAt: stopped ? undefined : startedAt,
  };
  return {
    ...snapshot,
    units: new Map([['web.service', web]]),
    changedAt: new Map([[path, changedAt]]),
    owed,
  };
}

function owedOn(snapshot: Snapshot, values: Record<string, string>, handler = restart) {
  const one = evaluated(snapshot, steps(values));
  const evaluation: Evaluation = { ...one, wanted: { ...one.wanted, handlers: [handler] } };
  const [stage] = one.stages;
  if (stage === undefined) throw new Error('no stage');
  return owedRestarts(evaluation, stage).map(({ handler: { id }, because, owed }) => ({ id, because, owed }));
}

/** The host after a run of ours has set the values. */
const ours = (values: Record<string, string>) => carriedOutHost(planWith(host('', {}), steps(values)));

describe('a restart is owed', () => {
  it('where somebody else made a value what is planned, after the service was started', () => {
    expect(owedOn(host('a=1\n', {}), { a: '1' })).toEqual([
      {
        id: 'restart',
        because: ['keys'],
        owed: `a in ${path} was changed after web.service was started`,
      },
    ]);
    const values = { a: '2' };
    expect(owedOn(host('a=2\n', {}, ours({ a: '1' })), values)).toHaveLength(1);
  });

  it('in the same second too, since seconds are all that is known', () => {
    expect(owedOn(host('a=1\n', { changedAt: 100, startedAt: 100 }), { a: '1' })).toHaveLength(1);
  });

  it('of a handler that runs a command, where a unit that it checks is older', () => {
    expect(owedOn(host('a=1\n', {}), { a: '1' }, command)).toHaveLength(1);
  });

  it('where the host says so, after a revert that left the service alone', () => {
    const [one] = owedOn(host('a=1\n', { startedAt: 900, owed: ['restart'] }), { a: '1' });
    expect(one).toMatchObject({ id: 'restart', because: [] });
  });
});

describe('no restart is owed', () => {
  it('where the service was started since', () => {
    expect(owedOn(host('a=1\n', { startedAt: 201 }), { a: '1' })).toEqual([]);
  });

  it('where the value is ours, whatever else was changed in the file since', () => {
    expect(owedOn(host('a=1\nmine=x\n', {}, ours({ a: '1' })), { a: '1' })).toEqual([]);
  });

  it('where the service does not run, or nothing is known of it', () => {
    expect(owedOn(host('a=1\n', { stopped: true }), { a: '1' })).toEqual([]);
    expect(owedOn({ ...host('a=1\n', {}), changedAt: undefined }, { a: '1' })).toEqual([]);
  });

  it('of a handler that the playbook has not', () => {
    expect(owedOn(host('a=1\n', { startedAt: 900, owed: ['another'] }), { a: '1' })).toEqual([]);
  });
});

it('is said in words where the playbook has no such handler any more', () => {
  const one = evaluated(host('a=1\n', { owed: ['another'] }), steps({ a: '1' }));
  expect(unknownOwed(one).join()).toContain('another');
});
