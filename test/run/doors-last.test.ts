import { describe, expect, it } from 'vitest';
import type { Inventory } from '../../src/inventory/inventory.ts';
import type { HostPlan } from '../../src/model/plan.ts';
import type { HostResult, Status } from '../../src/model/result.ts';
import { renderRollout } from '../../src/report/terminal/rollout.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';
import type { PolicyRules } from '../../src/run/busy/policy.ts';
import { withoutDoorWarnings } from '../../src/run/doors-last.ts';
import { rolloutOf } from '../../src/run/rollout.ts';
import { type WaveRules, wavesOf } from '../../src/run/wave.ts';
import { inWaves } from '../../src/run/waves.ts';
import { documentOfPlan } from '../report/documents.ts';
import { type Given, hostPlan } from '../support/host-plan.ts';

const leaving = (host: string, role: string, rest: Given = {}) =>
  hostPlan(host, role, { retires: true, ...rest });

/** An inventory with these hosts, and the roles of a door and of what is behind it. */
function rules(plans: readonly HostPlan[]): WaveRules & PolicyRules {
  const hosts = plans.map(({ host, role, retires }) => ({
    ...{ name: host, role },
    state: retires ? 'retired' : 'active',
  }));
  const roles = ['proxy', 'node'].map((name) => ({ name, steps: [{}], hosts: { minimum: 1 } }));
  const none = { all: undefined, roles: new Map() };
  const inventory = { playbook: { roles }, hosts, maxUnavailable: none, whenBusy: none };
  return {
    ...{ parallel: 32, maxUnavailable: undefined, whenBusy: undefined },
    inventory: inventory as unknown as Inventory,
  };
}

/** Carries the plans out: who began, in order, and how each ended. */
async function run(
  plans: readonly HostPlan[],
  ends: Readonly<Record<string, Status>> = {},
  order: readonly HostPlan[] = plans,
) {
  const begun: string[] = [];
  const results = await inWaves(
    wavesOf(order, rules(plans)),
    { maxFailures: 9, signal: new AbortController().signal },
    async (plan): Promise<HostResult> => {
      begun.push(plan.host);
      const status = ends[plan.host] ?? 'changed';
      return { plan, status, problem: undefined, ran: [], warnings: [], durationMs: 0 };
    },
  );
  const of = (host: string) => results.find(({ plan }) => plan.host === host);
  return {
    begun,
    statusOf: (host: string) => of(host)?.status,
    problemOf: (host: string) => of(host)?.problem,
  };
}

const told = (plans: readonly HostPlan[], order = plans) =>
  renderRollout(
    documentOfPlan({ hosts: order, byHand: [], warnings: [] }, { rollout: rolloutOf(order, rules(plans)) })
      .rollout ?? [],
    makeStyle({ columns: 1000, color: false, verbose: false }),
  )
    .join(' ')
    .replace(/ +/g, ' ');

const all = [leaving('proxy-1', 'proxy'), leaving('bbb-01', 'node'), leaving('bbb-02', 'node')];

describe('a proxy that leaves together with its nodes', () => {
  it('goes after all of them', async () => {
    expect((await run(all)).begun).toEqual(['bbb-01', 'bbb-02', 'proxy-1']);
    expect(told(all)).toBe(
      'in this order: bbb-01 and bbb-02, one at a time; then proxy-1, once those have left, as people reach them through it',
    );
  });

  it.each(['deferred', 'owed', 'queued'] as const)('is put off where a node is %s', async (status) => {
    const { begun, statusOf, problemOf } = await run(all, { 'bbb-01': status });
    expect(begun).not.toContain('proxy-1');
    expect(statusOf('proxy-1')).toBe('deferred');
    expect(problemOf('proxy-1')).toMatchObject({ code: 'still-needed' });
    expect(problemOf('proxy-1')?.message).toContain('bbb-01 has not left the cluster');
  });

  it.each(['failed', 'unreachable', 'rolled-back', 'not-started', 'unknown', 'open', 'stuck'] as const)(
    'is not begun where a node is %s',
    async (status) => {
      const { begun, statusOf } = await run(all, { 'bbb-02': status });
      expect(begun).not.toContain('proxy-1');
      expect(statusOf('proxy-1')).toBe('not-started');
    },
  );

  it('waits for one that is left out by --limit as well, unless that has left before', async () => {
    const [proxy, node] = all as [HostPlan, HostPlan];
    const skipped = { ...node, skipped: true };
    expect((await run([proxy, skipped], { 'bbb-01': 'skipped' })).statusOf('proxy-1')).toBe('not-started');
    expect((await run([proxy, { ...skipped, stages: [] }])).statusOf('proxy-1')).toBe('changed');
    const gone = { ...skipped, unreachable: true };
    expect((await run([proxy, gone], { 'bbb-01': 'unreachable' })).statusOf('proxy-1')).toBe('changed');
    expect((await run([proxy, { ...node, stages: [] }])).statusOf('proxy-1')).toBe('changed');
  });

  it('waits for nobody where another proxy stays', async () => {
    const two = [hostPlan('proxy-2', 'proxy'), ...all];
    const { begun, statusOf } = await run(two, { 'bbb-01': 'deferred' });
    expect(begun).toEqual(['proxy-2', 'bbb-01', 'bbb-02', 'proxy-1']);
    expect(statusOf('proxy-1')).toBe('changed');
  });
});

describe('a proxy that leaves while nodes stay', () => {
  const [proxy, ...nodes] = all as [HostPlan, ...HostPlan[]];
  const warnings = (plans: readonly HostPlan[]) => withoutDoorWarnings(rules(plans).inventory, plans);

  it('is warned of, unless another one stays, or all leave', () => {
    const staying = nodes.map(({ host, role }) => hostPlan(host, role));
    expect(warnings([proxy, ...staying])).toEqual([
      expect.stringContaining('proxy-1 leaves the cluster, and nobody reaches bbb-01 and bbb-02 through it'),
    ]);
    expect(warnings([proxy, hostPlan('proxy-2', 'proxy'), ...staying])).toEqual([]);
    expect(warnings(all)).toEqual([]);
    expect(warnings([{ ...proxy, stages: [] }, ...staying])).toEqual([]);
  });
});

describe('a run that is undone', () => {
  const plans = all.map(({ host, role }) => hostPlan(host, role));
  const order = [...plans].reverse();

  it('is undone on the proxy last, and not while a node still needs it', async () => {
    expect((await run(plans, {}, order)).begun).toEqual(['bbb-02', 'bbb-01', 'proxy-1']);
    const busy = await run(plans, { 'bbb-01': 'deferred' }, order);
    expect(busy.begun).not.toContain('proxy-1');
    expect(busy.statusOf('proxy-1')).toBe('deferred');
    expect(busy.problemOf('proxy-1')?.message).toContain('bbb-01 is not rolled back (deferred)');
    expect(told(plans, order)).toContain(
      '; then proxy-1, once those are rolled back, as people reach them through it',
    );
  });
});
