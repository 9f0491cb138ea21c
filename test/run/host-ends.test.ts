import { describe, expect, it } from 'vitest';
import type { HostPlan } from '../../src/model/plan.ts';
import type { HostResult, Status } from '../../src/model/result.ts';
import { HostEnds } from '../../src/run/host-ends.ts';
import { inWaves } from '../../src/run/waves.ts';
import { hostPlan } from '../support/host-plan.ts';

const result = (plan: HostPlan, status: Status): HostResult => ({
  ...{ plan, status, problem: undefined, ran: [], warnings: [], durationMs: 0 },
});
const ends = (plans: readonly HostPlan[]) => {
  const told: string[] = [];
  const tell = ({ plan, status }: HostResult) => told.push(`${plan.host} ${status}`);
  return { told, ends: new HostEnds(plans, tell, (host) => told.push(`${host} later`)) };
};

it('each host that is changed is told once, as it ends', () => {
  const [a, b, idle] = [
    hostPlan('a', 'node'),
    hostPlan('b', 'node'),
    hostPlan('idle', 'node', { changes: [] }),
  ];
  const { told, ends: all } = ends([a, b, idle]);
  all.turnEnded(result(b, 'changed'));
  expect(told).toEqual(['b changed']);
  all.turnEnded(result(b, 'failed'));
  all.over([result(a, 'not-started'), result(b, 'failed'), result(idle, 'in-sync')]);
  expect(told).toEqual(['b changed', 'a not-started']);
});

it('one for which more follows is told of then, and counts once it has done what comes last', () => {
  const plans = [
    hostPlan('a', 'node', { last: { stages: [], problem: undefined } }),
    hostPlan('b', 'node', { retires: true }),
    hostPlan('c', 'node', { leftovers: true }),
    hostPlan('d', 'node', { last: { stages: [], problem: undefined } }),
  ];
  const { told, ends: all } = ends(plans);
  for (const plan of plans) all.turnEnded(result(plan, plan.host === 'd' ? 'failed' : 'changed'));
  for (const plan of plans) all.turnEnded(result(plan, 'failed'));
  all.turnEnded(result(plans[0] as HostPlan, 'changed'));
  expect(told).toEqual(['a later', 'b later', 'c later']);
  for (const plan of plans) all.lastEnded(result(plan, 'changed'));
  expect(told.slice(3)).toEqual(['a changed', 'd changed']);
  all.over(plans.map((plan) => result(plan, 'done')));
  expect(told.slice(5)).toEqual(['b done', 'c done']);
});

describe('hosts that end on one side', () => {
  const plans = ['a', 'b', 'c', 'd'].map((host) => hostPlan(host, 'node'));
  const turns = async (onOneSide: boolean, failing?: string) => {
    const wave = { role: 'node', plans, limit: 3, parallel: 3, down: [], leads: false };
    const told: string[] = [];
    const options = {
      ...{ maxFailures: 0, signal: new AbortController().signal, onOneSide },
      turnEnded: ({ plan, status }: HostResult) => told.push(`${plan.host} ${status}`),
    };
    await inWaves([wave], options, async (plan) => {
      told.push(`${plan.host} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      return result(plan, plan.host === failing ? 'rolled-back' : 'changed');
    });
    return [...new Set(told)];
  };

  it('are told as soon as all of them have ended, and others as each of them ends', async () => {
    const together = await turns(true);
    const [first] = together.filter((words) => words.endsWith('changed'));
    const begun = together.slice(0, together.indexOf(first ?? '')).map((words) => words.split(' ')[0]);
    // Those of the next wave begin only after these are told.
    expect(begun.length).toBeLessThan(plans.length);
    for (const host of begun) expect(together).toContain(`${host} changed`);
    expect(together.filter((words) => words.endsWith('changed'))).toHaveLength(4);
    expect(await turns(false)).toHaveLength(8);
  });

  it('are told once, also if one of them is put back', async () => {
    const told = await turns(true, 'b');
    expect(told.filter((words) => words.startsWith('b '))).toEqual(['b begins', 'b rolled-back']);
  });
});
