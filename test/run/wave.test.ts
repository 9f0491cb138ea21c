import { describe, expect, it } from 'vitest';
import { calendarOf } from '../../src/calendar/calendar.ts';
import { parseWindow } from '../../src/calendar/written.ts';
import type { Inventory } from '../../src/inventory/inventory.ts';
import type { Handler } from '../../src/model/handler.ts';
import type { HostPlan, Stage } from '../../src/model/plan.ts';
import type { HostResult, Status } from '../../src/model/result.ts';
import { mostOut, parseMaxUnavailable } from '../../src/model/rollout.ts';
import { renderRollout } from '../../src/report/terminal/rollout.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';
import type { PolicyRules } from '../../src/run/busy/policy.ts';
import { rolloutOf } from '../../src/run/rollout.ts';
import { interrupts, type WaveRules, wavesOf } from '../../src/run/wave.ts';
import { waveRefusal } from '../../src/run/wave-refusal.ts';
import { inWaves } from '../../src/run/waves.ts';
import type { RunWindow } from '../../src/run/windows/run-window.ts';
import { documentOfPlan } from '../report/documents.ts';
import { type Given, hostPlan, stageOf } from '../support/host-plan.ts';

function handler(actions: Handler['actions'], guards: Handler['guards'] = []): Stage['handlers'] {
  const rest = { id: 'x', validate: undefined, checks: [], timeout: 60, settle: 3, rewrites: [] };
  return [{ handler: { ...rest, actions, guards }, because: ['x'] }];
}

const restart = handler([{ kind: 'restart', unit: 'web.service' }]);
const reload = handler([{ kind: 'reload', unit: 'nginx.service' }]);
const restarted = (host: string, rest: Given = {}) => hostPlan(host, 'node', { handlers: restart, ...rest });
const unreachable = (host: string, role = 'node') =>
  hostPlan(host, role, {
    unreachable: true,
    changes: [],
    problem: { code: 'unreachable', message: 'no answer' },
  });

const off = (host: string, role = 'node') => hostPlan(host, role, { off: true, changes: [] });

/** An inventory of these hosts, with the roles in this order. */
function rules(
  plans: readonly HostPlan[],
  more: Partial<Omit<WaveRules, 'inventory'>> = {},
): WaveRules & PolicyRules {
  const hosts = plans.map(({ host, role, retires }) => ({
    name: host,
    role,
    state: retires ? 'retired' : 'active',
  }));
  const roles = ['proxy', 'node'].map((name) => ({ name, steps: [{}] }));
  const maxUnavailable = { all: undefined, roles: new Map() };
  const whenBusy = { all: undefined, roles: new Map() };
  const inventory = { playbook: { roles }, hosts, maxUnavailable, whenBusy } as unknown as Inventory;
  return { parallel: 32, maxUnavailable: undefined, whenBusy: undefined, inventory, ...more };
}

/** Carries the plans out; the statuses by host, who began, and how many at once. */
async function run(
  plans: readonly HostPlan[],
  given: WaveRules,
  ends: Readonly<Record<string, Status>> = {},
  maxFailures = 0,
) {
  const begun: string[] = [];
  let [underWay, most] = [0, 0];
  const results = await inWaves(
    wavesOf(plans, given),
    { maxFailures, signal: new AbortController().signal },
    async (plan): Promise<HostResult> => {
      begun.push(plan.host);
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, 1));
      underWay -= 1;
      const status = ends[plan.host] ?? 'changed';
      return { plan, status, problem: undefined, ran: [], warnings: [], durationMs: 0 };
    },
  );
  const statuses = Object.fromEntries(results.map((result) => [result.plan.host, result.status]));
  const problem = (host: string) => results.find((result) => result.plan.host === host)?.problem;
  return { begun, most, statuses, problem };
}

const told = (plans: readonly HostPlan[], given = rules(plans)) =>
  renderRollout(
    documentOfPlan({ hosts: plans, byHand: [], warnings: [] }, { rollout: rolloutOf(plans, given) })
      .rollout ?? [],
    makeStyle({ columns: 1000, color: false, verbose: false }),
  ).join('\n');

describe('the order that a plan tells', () => {
  const plans = [restarted('b-1'), restarted('b-2'), restarted('b-3'), restarted('b-4')];
  const all = { maxUnavailable: { percent: 100 } } as const;

  it('names those that begin together', () => {
    const given = rules(plans, { ...all, waveSize: 2 });
    expect(rolloutOf(plans, given)[0]?.waves).toEqual([['b-1'], ['b-2', 'b-3'], ['b-4']]);
    expect(told(plans, given)).toBe('in this order: b-1 alone, then b-2 and b-3 together, then b-4');
    expect(told(plans, rules(plans, { waveSize: 2 }))).toBe(
      'in this order: b-1, b-2, b-3 and b-4, one at a time',
    );
  });

  it('says that they are put back together', () => {
    expect(told(plans, rules(plans, { ...all, onFailure: 'revert-wave' }))).toBe(
      `in this order: b-1 alone, then b-2, b-3 and b-4 together
hosts that are changed together wait for each other: if one of them fails, all of them are put back`,
    );
  });

  it('says so where none is put back with another, and what would allow that', () => {
    const alone =
      'no two of these hosts are changed together, so that one that fails is put back, and no other with it';
    expect(
      told(plans, rules(plans, { waveSize: 2, onFailure: 'revert-wave' })).replace(/\n {2}/g, ' '),
    ).toContain(`\n${alone}; --max-unavailable lets more be out at once`);
    const two = plans.slice(0, 2);
    expect(told(two, rules(two, { ...all, onFailure: 'revert-wave' })).replace(/\n {2}/g, ' ')).toMatch(
      new RegExp(`${alone}$`),
    );
  });

  it('is refused where something can not be put back', () => {
    const onFailure = 'revert-wave';
    expect(waveRefusal(plans, { onFailure })).toBeUndefined();
    const two = hostPlan('b-5', 'node', { handlers: restart });
    const staged = { ...two, stages: [stageOf(two), stageOf(two)] };
    expect(waveRefusal([...plans, staged], { onFailure: 'stop' })).toBeUndefined();
    expect(waveRefusal([...plans, staged], { onFailure })).toMatchObject({
      code: 'wave-cannot-revert',
      host: 'b-5',
    });
  });
});

describe('how many of a role may be out', () => {
  it('is a number, or a share that is rounded down, and one at least', () => {
    const parsed = (text: string, hosts: number) => {
      const allowed = parseMaxUnavailable(text);
      return allowed && mostOut(allowed, hosts);
    };
    expect([parsed('3', 1), parsed('10%', 9), parsed('10%', 10), parsed('10%', 29)]).toEqual([3, 1, 1, 2]);
    expect([parsed('100%', 4), parsed('1%', 0)]).toEqual([4, 1]);
    for (const text of ['0', '0%', '101%', '-1', '1.5', '', '%', 'all']) {
      expect(parseMaxUnavailable(text)).toBe(undefined);
    }
  });

  it('is a tenth of the role where nobody says otherwise; those that leave are none of it', async () => {
    const nodes = Array.from({ length: 29 }, (_, index) => restarted(`n${index}`));
    expect((await run(nodes, rules(nodes))).most).toBe(2);
    const some = [...nodes.slice(0, 19), restarted('gone', { retires: true })];
    expect(wavesOf(some, rules(some))[0]?.limit).toBe(1);
  });

  it('is one host while people are there: outside a window, or without any on a weekday by day', () => {
    const plans = Array.from({ length: 40 }, (_, index) => restarted(`n${index}`));
    const at = (time: string, more: Partial<RunWindow> = {}): RunWindow => ({
      ...{ zone: 'Europe/Berlin', zoneFrom: 'inventory', rule: 'usual', calendar: undefined },
      ...{ deadline: undefined, regardless: true, now: () => Date.parse(time) },
      ...more,
    });
    const limit = (window: RunWindow | undefined) => wavesOf(plans, { ...rules(plans), window })[0]?.limit;
    const thursday = '2026-11-26T10:00:00+01:00';
    const night = '2026-11-26T23:00:00+01:00';
    const nights = calendarOf({
      weekly: [parseWindow('22:00-05:00')].flatMap((one) => one ?? []),
      zone: 'Europe/Berlin',
    });
    expect([undefined, at(thursday), at(night)].map(limit)).toEqual([4, 1, 4]);
    expect(limit(at(thursday, { rule: 'anytime' }))).toBe(4);
    expect([thursday, night].map((time) => limit(at(time, { rule: 'windows', calendar: nights })))).toEqual([
      1, 4,
    ]);
    const allowed = { ...rules(plans), window: at(thursday), maxUnavailable: { count: 3 } };
    expect(wavesOf(plans, allowed)[0]?.limit).toBe(3);
  });

  it('is what the command line says, else the inventory of the role, else of all', () => {
    const plans = [hostPlan('p', 'proxy'), restarted('n')];
    const maxUnavailable = { all: { count: 4 }, roles: new Map([['node', { count: 3 }]]) };
    const given = rules(plans);
    const inventory = { ...given.inventory, maxUnavailable };
    expect(wavesOf(plans, { ...given, inventory }).map(({ limit }) => limit)).toEqual([4, 3]);
    expect(
      wavesOf(plans, { ...given, inventory, maxUnavailable: { count: 2 } }).map(({ limit }) => limit),
    ).toEqual([2, 2]);
    expect(wavesOf(plans, given).map(({ limit }) => limit)).toEqual([1, 1]);
  });
});

describe('what is out', () => {
  it('is a host with restarts, commands, guarded handlers, actions or a run to settle, in any stage', () => {
    const guard = { id: 'meetings', query: { kind: 'http' as const, args: [] } };
    expect(interrupts(restarted('n'))).toBe(true);
    expect(interrupts(hostPlan('n', 'node', { handlers: reload }))).toBe(false);
    expect(interrupts(hostPlan('n', 'node'))).toBe(false);
    const guarded = handler([{ kind: 'reload', unit: 'x.service' }], [guard]);
    expect(interrupts(hostPlan('n', 'node', { handlers: guarded }))).toBe(true);
    const [quiet, restarting] = [stageOf(hostPlan('n', 'node')), stageOf(restarted('n'))];
    expect(interrupts(hostPlan('n', 'node', { stages: [quiet, restarting] }))).toBe(true);
    expect(interrupts(hostPlan('n', 'node', { last: { stages: [restarting], problem: undefined } }))).toBe(
      false,
    );
    expect(interrupts(hostPlan('n', 'node', { unsettled: [{ run: 'r', state: 'open' }] }))).toBe(true);
    const [active, inactive] = ['active', 'inactive'].map((state) => ({
      kind: 'unit' as const,
      enabled: 'enabled',
      active: state,
    }));
    const stops = {
      ...{ path: 'unit:x.service', kind: 'unit' as const, action: 'modify' as const, steps: [] },
      before: active ?? { kind: 'absent' as const },
      after: inactive ?? { kind: 'absent' as const },
    };
    expect(interrupts(hostPlan('n', 'node', { changes: [stops] }))).toBe(true);
    expect(interrupts(hostPlan('n', 'node', { changes: [{ ...stops, before: stops.after }] }))).toBe(false);
  });

  it('counts those that are off, which hold up nobody but those that are reached through them', async () => {
    const plans = [restarted('n1'), off('n2')];
    const one = await run(plans, rules(plans));
    expect(one.statuses).toEqual({ n1: 'not-started', n2: 'off' });
    expect(one.problem('n1')?.message).toContain('and 1 is: n2 (off)');
    const two = await run(plans, rules(plans, { maxUnavailable: { count: 2 } }));
    expect(two.statuses).toEqual({ n1: 'changed', n2: 'off' });
    const behind = [off('p1', 'proxy'), hostPlan('n1', 'node')];
    expect((await run(behind, rules(behind))).statuses).toEqual({ p1: 'off', n1: 'not-started' });
  });

  it('is counted with those that are down: of two nodes of which one is down the other is not touched', async () => {
    const plans = [restarted('n1'), unreachable('n2')];
    const { begun, statuses, problem } = await run(plans, rules(plans));
    expect(begun).toEqual([]);
    expect(statuses).toEqual({ n1: 'not-started', n2: 'unreachable' });
    expect(problem('n1')).toMatchObject({
      code: 'too-many-out',
      message: expect.stringContaining(
        'at most 1 of the role node may be out at once, and 1 is: n2 (unreachable)',
      ),
      next: expect.stringContaining('--max-unavailable 2'),
    });
    expect(told(plans)).toContain('n1 will not be changed');
    const allowed = await run(plans, rules(plans, { maxUnavailable: { count: 2 } }));
    expect(allowed.statuses).toMatchObject({ n1: 'changed' });
  });

  it('may be mended: a host that is down is changed, and then no longer is', async () => {
    const plans = [restarted('n1'), restarted('n2', { down: 'web.service is failed' }), restarted('n3')];
    const { begun, most, statuses } = await run(plans, rules(plans));
    expect(begun).toEqual(['n2', 'n1', 'n3']);
    expect(most).toBe(1);
    expect(Object.values(statuses)).toEqual(['changed', 'changed', 'changed']);
    const failing = await run(plans, rules(plans), { n2: 'rolled-back' }, 9);
    expect(failing.statuses).toEqual({ n1: 'not-started', n2: 'rolled-back', n3: 'not-started' });
    expect(failing.problem('n1')?.message).toContain('n2 (web.service is failed)');
  });

  it('includes what is stuck, unknown or half done since this run, but no host that was rolled back', async () => {
    const plans = [restarted('n1'), restarted('n2')];
    for (const status of ['stuck', 'unknown', 'conflict'] as const) {
      const { statuses, problem } = await run(plans, rules(plans), { n1: status }, 9);
      expect(statuses).toEqual({ n1: status, n2: 'not-started' });
      expect(problem('n2')?.code).toBe('too-many-out');
    }
    for (const status of ['rolled-back', 'failed', 'deferred'] as const) {
      expect((await run(plans, rules(plans), { n1: status }, 9)).statuses).toMatchObject({ n2: 'changed' });
    }
  });

  it('says nothing of hosts that are only reloaded: --parallel counts for them', async () => {
    const plans = ['n1', 'n2', 'n3', 'n4'].map((name) => hostPlan(name, 'node', { handlers: reload }));
    expect((await run([...plans, unreachable('n5')], rules(plans))).most).toBe(3);
    expect((await run(plans, rules(plans, { parallel: 2 }))).most).toBe(2);
  });

  it('says nothing of a host that leaves, and its change proves nothing for those that stay', async () => {
    const plans = [restarted('n1', { retires: true }), restarted('n2'), restarted('n3'), unreachable('n4')];
    const given = rules(plans, { maxUnavailable: { count: 3 } });
    const { begun, statuses } = await run(plans, given, { n2: 'rolled-back' });
    expect(begun).toEqual(['n1', 'n2']);
    expect(statuses).toMatchObject({ n1: 'changed', n2: 'rolled-back', n3: 'not-started' });
    expect((await run(plans.slice(0, 1), rules(plans))).statuses).toEqual({ n1: 'changed' });
  });

  it('is no matter for one node alone, nor where all are out of reach', async () => {
    const alone = [restarted('n1')];
    expect((await run(alone, rules(alone))).statuses).toEqual({ n1: 'changed' });
    expect(told(alone)).toBe('');
    const gone = [unreachable('n1'), unreachable('n2')];
    expect((await run(gone, rules(gone))).statuses).toEqual({ n1: 'unreachable', n2: 'unreachable' });
  });
});

describe('hosts that others come after', () => {
  const doors = ['p1', 'p2', 'p3'].map((name) => hostPlan(name, 'proxy', { handlers: reload }));
  const plans = [...doors, restarted('n1')];

  it('go one at a time, also where they are only reloaded', async () => {
    expect((await run(plans, rules(plans))).most).toBe(1);
    expect(wavesOf(doors, rules(doors))[0]?.parallel).toBe(32);
    // A rollback goes through the roles the other way round.
    expect(wavesOf([...plans].reverse(), rules(plans)).map(({ parallel }) => parallel)).toEqual([32, 1]);
  });

  it('do as the inventory says of their very role', () => {
    const given = rules(plans);
    const maxUnavailable = { all: undefined, roles: new Map([['proxy', { count: 2 }]]) };
    const [first] = wavesOf(plans, { ...given, inventory: { ...given.inventory, maxUnavailable } });
    expect(first).toMatchObject({ limit: 2, parallel: 32 });
  });
});

describe('how it will go, in the plan', () => {
  it('is one line', () => {
    const nodes = Array.from({ length: 24 }, (_, index) => restarted(`n${index + 1}`));
    const plans = [hostPlan('p1', 'proxy', { handlers: reload }), ...nodes];
    expect(told(plans)).toBe(
      'in this order: p1; then n1 alone, then 23 more of the role node, at most 2 at a time',
    );
    expect(told(plans.slice(0, 3))).toBe('in this order: p1; then n1 and n2, one at a time');
    const reloaded = ['n1', 'n2', 'n3'].map((name) => hostPlan(name, 'node', { handlers: reload }));
    expect(told(reloaded)).toBe('in this order: n1 alone, then n2 and n3, both at once');
  });
});
