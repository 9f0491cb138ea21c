import { describe, expect, it } from 'vitest';
import { OperatorError } from '../../src/model/operator-error.ts';
import { emptyPlan, emptyStage, type HostPlan, type PlannedHandler } from '../../src/model/plan.ts';
import type { HostResult, Status } from '../../src/model/result.ts';
import { type CatchingUp, catchUp } from '../../src/run/busy/owed.ts';
import type { ApplyOptions } from '../../src/run/options.ts';
import { oneChange } from '../support/host-plan.ts';

const restart = (id: string, owed: string | undefined): PlannedHandler => ({
  ...{ because: [], owed },
  handler: {
    ...{ id, validate: undefined, checks: [], timeout: 60, settle: 3, rewrites: [], guards: [] },
    actions: [{ kind: 'restart', unit: `${id}.service` }],
  },
});
const planWith = (...handlers: readonly PlannedHandler[]): HostPlan => ({
  ...emptyPlan({ name: 'bbb-01', role: 'node' }),
  stages: [{ ...emptyStage, handlers }],
});
const left = planWith(restart('web', 'an earlier run left it out because people were there'));
const result = (plan: HostPlan, status: Status, more: Partial<HostResult> = {}): HostResult => ({
  ...{ plan, status, problem: undefined, ran: [], warnings: [], durationMs: 1, ...more },
});
const owing = result(planWith(restart('nginx', undefined), restart('web', undefined)), 'owed', {
  problem: { code: 'restarts-owed', message: 'still pending: web' },
  ran: ['nginx'],
});

/** What comes of it, where what is owed ends so, one after the other. */
async function ends(each: readonly Partial<HostResult>[], more: Partial<CatchingUp> = {}) {
  const options = {
    ...{ signal: new AbortController().signal, leave: new AbortController().signal },
    ...{ progress: () => undefined, inventory: { hosts: [{ name: 'bbb-01', role: 'node' }] } },
  } as unknown as ApplyOptions;
  const begun: HostPlan[] = [];
  const end = await catchUp(owing, {
    ...{ options, until: Date.now() + 600_000, mayBegin: () => true, again: async () => left },
    carryOut: async (plan) => {
      const { status = 'changed', ...rest } = each[begun.length] ?? {};
      begun.push(plan);
      return result(plan, status, rest);
    },
    ...more,
  });
  return { begun: begun.length, end };
}

describe('restarts that people put off', () => {
  it('follow, and the host is changed', async () => {
    const { end } = await ends([{ ran: ['web'], warnings: ['slow'] }]);
    expect(end).toMatchObject({
      status: 'changed',
      ran: ['nginx', 'web'],
      warnings: ['slow'],
      durationMs: 2,
    });
    expect([end.problem, end.plan]).toEqual([undefined, owing.plan]);
  });

  it('are tried again where people came in the last moment, or between two of them', async () => {
    const busy = { status: 'deferred', problem: { code: 'busy', message: 'a class' } } as const;
    const again = { status: 'owed', problem: { code: 'restarts-owed', message: 'web' }, ran: ['a'] } as const;
    const { begun, end } = await ends([busy, again, { ran: ['web'] }]);
    expect([begun, end.status, end.ran]).toEqual([3, 'changed', ['nginx', 'a', 'web']]);
  });

  it.each<[string, Partial<HostResult>]>([
    ['the host refuses', { status: 'failed', problem: { code: 'package-manager-busy', message: 'apt' } }],
    ['it is lost', { status: 'unreachable', problem: { code: 'unreachable', message: 'gone' } }],
    ['the window has closed', { status: 'deferred', problem: { code: 'outside-window', message: 'late' } }],
  ])('stay owed where %s', async (_why, end) => {
    expect(await ends([end])).toEqual({ begun: 1, end: owing });
  });

  it.each<[string, Partial<CatchingUp>]>([
    ['the time is over', { until: 0 }],
    ['nothing may begin', { mayBegin: () => false }],
    ['nobody can look again', { again: undefined }],
    [
      'the host does not answer',
      { again: () => Promise.reject(new OperatorError({ code: 'x', message: 'x' })) },
    ],
    ['something else is to be done', { again: async () => planWith(restart('web', undefined)) }],
    [
      'a file has changed meanwhile',
      {
        again: async () => ({
          ...left,
          stages: left.stages.map((stage) => ({ ...stage, changes: [oneChange] })),
        }),
      },
    ],
  ])('stay owed where %s', async (_why, more) => {
    expect(await ends([], more)).toEqual({ begun: 0, end: owing });
  });

  it('that fail are told with what stays: files are not put back with them', async () => {
    const problem = {
      code: 'handler-failed',
      message: 'handler web: failed',
      next: 'look; everything is back as it was',
    };
    const { end } = await ends([{ status: 'rolled-back', ran: ['web'], problem }]);
    expect(end).toMatchObject({
      status: 'failed',
      problem: {
        message:
          'the new files are in place and stay, but a restart that had been put off failed: handler web: failed',
        next: 'look',
      },
    });
  });
});
