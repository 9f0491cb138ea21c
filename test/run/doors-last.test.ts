import { describe, expect, it } from 'vitest';
import type { Inventory } from '../../src/inventory/inventory.ts';
import type { HostPlan } from '../../src/model/plan.ts';
import type { HostResult, Status } from '../../src/model/result.ts';
import { renderRollout } from '../../src/report/terminal/rollout.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';
import { hostsBehind, sendingOnWarnings } from '../../src/run/busy/behind-doors.ts';
import type { PolicyRules } from '../../src/run/busy/policy.ts';
import { withoutDoorWarnings } from '../../src/run/doors-last.ts';
import { rolloutOf } from '../../src/run/rollout.ts';
import { type WaveRules, wavesOf } from '../../src/run/wave.ts';
import { inWaves, type WaveOptions } from '../../src/run/waves.ts';
import { documentOfPlan } from '../report/documents.ts';
import { type Given, hostPlan, planOf } from '../support/host-plan.ts';
import { emptySnapshot } from '../support/snapshot.ts';

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
  peopleBehind?: WaveOptions['peopleBehind'],
) {
  const begun: string[] = [];
  const results = await inWaves(
    wavesOf(order, rules(plans)),
    { maxFailures: 9, signal: new AbortController().signal, peopleBehind },
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

  const staying = hostPlan('bbb-03', 'node');
  it.each(['off', 'unreachable', 'failed', 'deferred', 'owed', 'not-started'] as const)(
    'stays as well where the other proxy is %s, and nodes need one',
    async (status) => {
      const { begun, problemOf } = await run([hostPlan('proxy-2', 'proxy'), ...all, staying], {
        'proxy-2': status,
      });
      expect(begun).not.toContain('proxy-1');
      expect(problemOf('proxy-1')).toMatchObject({ code: 'still-needed' });
      expect(problemOf('proxy-1')?.message).toContain('proxy-2, which stays, is not as planned');
      expect(problemOf('proxy-1')?.next).toContain('see to proxy-2');
    },
  );

  it('stays where --limit leaves the other one out before that has what nodes need', async () => {
    const out = hostPlan('proxy-2', 'proxy', { skipped: true });
    const before = await run([out, ...all, staying], { 'proxy-2': 'skipped' });
    expect(before.begun).not.toContain('proxy-1');
    expect(told([{ ...out, unreachable: true }, ...all, staying])).toContain(
      'proxy-1 will not be changed, because proxy-2',
    );
    const after = await run([{ ...out, stages: [] }, ...all, staying], { 'proxy-2': 'skipped' });
    expect(after.statusOf('proxy-1')).toBe('changed');
  });

  it('needs no other one where all nodes leave', async () => {
    const ends = { 'proxy-2': 'deferred' } as const;
    expect((await run([hostPlan('proxy-2', 'proxy'), ...all], ends)).statusOf('proxy-1')).toBe('changed');
  });

  it('is put off where somebody is behind it in the very moment', async () => {
    const plan = staying;
    const asked: string[] = [];
    const { begun, statusOf, problemOf } = await run([...all, plan], {}, undefined, async (role) => {
      asked.push(role);
      return { plan, status: 'in-sync', why: 'people', words: 'running meetings: 1' };
    });
    expect(asked).toEqual(['proxy']);
    expect(begun).not.toContain('proxy-1');
    expect(statusOf('proxy-1')).toBe('deferred');
    expect(problemOf('proxy-1')).toMatchObject({
      code: 'still-needed',
      message: expect.stringContaining(
        'people are on bbb-03 (running meetings: 1), and reach it through this host',
      ),
      next: expect.stringContaining('--force'),
    });
  });
});

describe('whose guards are asked before the last proxy leaves', () => {
  const retired = leaving('bbb-01', 'node');
  const plans = [leaving('proxy-1', 'proxy'), retired, hostPlan('bbb-02', 'node')];
  const asked = (drained: boolean, more: readonly HostPlan[] = plans, whenBusy?: 'force') => {
    const { inventory, ...rest } = rules(more);
    const drain = { on: 'proxy', program: { text: '' }, args: [], answers: [], polls: [] };
    const roles = inventory.playbook.roles.map((role) => ({
      ...role,
      guards: role.name === 'node' && drained ? [{ id: 'people', drain }] : [],
    }));
    const hosts = inventory.hosts.map((host) => ({ ...host, vars: {} }));
    const cluster = { name: 'prod', hostname: 'bbb.example.com' };
    const given = { ...inventory, playbook: { roles }, hosts, cluster, vars: {} } as unknown as Inventory;
    const behind = hostsBehind('proxy', more, { ...rest, whenBusy, inventory: given });
    return { behind: behind.map(({ name }) => name), warnings: sendingOnWarnings(given, more) };
  };

  it('are those of nodes that stay', () => {
    expect(asked(false).behind).toEqual(['bbb-02']);
    expect(asked(false, plans, 'force').behind).toEqual([]);
    expect(asked(false, [...plans.slice(0, 2), hostPlan('bbb-02', 'node', { off: true })]).behind).toEqual(
      [],
    );
  });

  it('and of those that have left, if this is the balancer that sends people there', () => {
    expect(asked(true).behind).toEqual(['bbb-01', 'bbb-02']);
    expect(asked(true, [leaving('bbb-01', 'node', { unreachable: true })]).behind).toEqual([]);
    expect(asked(true).warnings).toEqual([
      expect.stringContaining('until proxy-1 goes, new people are sent on, also to hosts that have left'),
    ]);
    expect(asked(false).warnings).toEqual([]);
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

  it('is undone on the proxy alone on the word of the operator, whatever became of the nodes', async () => {
    const undoing = order.map((plan) => ({ ...plan, undoes: '20261121T074501Z-4f2a9c' }));
    const busy = await run(plans, { 'bbb-01': 'deferred' }, undoing);
    expect(busy.problemOf('proxy-1')?.next).toContain('to undo it on proxy-1 now');
    expect(busy.problemOf('proxy-1')?.next).toContain('--limit proxy-1');
    const lost = await run(plans, { 'bbb-01': 'unreachable' }, undoing);
    expect(lost.problemOf('proxy-1')).toMatchObject({
      code: 'still-needed',
      next: expect.stringContaining('--limit proxy-1'),
    });
    const alone = undoing.map((plan) => ({ ...plan, skipped: plan.role === 'node' }));
    const { statusOf } = await run(plans, { 'bbb-01': 'unreachable', 'bbb-02': 'open' }, alone);
    expect(statusOf('proxy-1')).toBe('changed');
  });

  it('stays on the proxy as long as a node owes the restart with which it stops sending people there', async () => {
    const owing = {
      ...planOf('bbb-01', 'node', {}),
      snapshot: { ...emptySnapshot('bbb-01'), owed: ['web'] },
    };
    const [last, , proxy] = order as [HostPlan, HostPlan, HostPlan];
    const { begun, problemOf } = await run(plans, {}, [last, owing, proxy]);
    expect(begun).not.toContain('proxy-1');
    expect(problemOf('proxy-1')?.message).toContain('a restart is owed there');
    const left = await run(plans, {}, [last, { ...owing, skipped: true }, proxy]);
    expect(left.begun).toContain('proxy-1');
  });
});
