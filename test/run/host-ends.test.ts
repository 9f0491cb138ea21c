import { expect, it } from 'vitest';
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
  return { told, ends: new HostEnds(plans, ({ plan, status }) => told.push(`${plan.host} ${status}`)) };
};

it('each host that is changed is told once, as it ends', () => {
  const [a, b, idle] = [
    hostPlan('a', 'node'),
    hostPlan('b', 'node'),
    hostPlan('idle', 'node', { changes: [] }),
  ];
  const { told, ends: all } = ends([a, b, idle]);
  all.ended(result(b, 'changed'));
  expect(told).toEqual(['b changed']);
  all.ended(result(b, 'failed'));
  all.over([result(a, 'not-started'), result(b, 'failed'), result(idle, 'in-sync')]);
  expect(told).toEqual(['b changed', 'a not-started']);
});

it('one for which more follows is told at the end', () => {
  const plans = [
    hostPlan('a', 'node', { last: { stages: [], problem: undefined } }),
    hostPlan('b', 'node', { retires: true }),
    hostPlan('c', 'node', { leftovers: true }),
  ];
  const { told, ends: all } = ends(plans);
  for (const plan of plans) all.ended(result(plan, 'changed'));
  expect(told).toEqual([]);
  all.over(plans.map((plan) => result(plan, 'done')));
  expect(told).toEqual(['a done', 'b done', 'c done']);
});

it('hosts that end on one side are not told before all of them have ended', async () => {
  const plans = [hostPlan('a', 'node'), hostPlan('b', 'node')];
  const wave = { role: 'node', plans, limit: 2, parallel: 2, down: [], leads: true };
  const turns = async (onOneSide: boolean) => {
    const told: string[] = [];
    const options = {
      ...{ maxFailures: 0, signal: new AbortController().signal, onOneSide },
      turnEnded: ({ plan }: HostResult) => told.push(plan.host),
    };
    await inWaves([wave], options, async (plan) => result(plan, 'changed'));
    return told;
  };
  expect(await turns(false)).toEqual(['a', 'b']);
  expect(await turns(true)).toEqual([]);
});
