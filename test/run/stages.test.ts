import { describe, expect, it } from 'vitest';
import { providesNothing } from '../../src/model/action.ts';
import { emptyPlan, emptyStage, type HostPlan, type Stage } from '../../src/model/plan.ts';
import type { HostResult, Status } from '../../src/model/result.ts';
import { isBusy } from '../../src/run/busy/waiting.ts';
import { stageRun } from '../../src/run/run-id.ts';
import { applyStages, type StageOptions } from '../../src/run/stages.ts';
import { transactionIds } from '../../src/run/transaction-ids.ts';
import { oneChange } from '../support/host-plan.ts';

const stage = (number: number, name: string, path: string): Stage => ({
  ...emptyStage,
  number,
  name,
  changes: [{ ...oneChange, path }],
});
const install: Stage = {
  ...emptyStage,
  name: 'packages',
  actions: [
    {
      step: 'packages',
      action: {
        name: 'install haproxy',
        run: { kind: 'install-packages', manager: 'apt-get', names: ['haproxy'] },
        unless: undefined,
        provides: providesNothing,
        timeout: 60,
        notes: [],
      },
    },
  ],
};
const planWith = (...stages: readonly Stage[]): HostPlan => ({
  ...emptyPlan({ name: 'lb-1', role: 'balancer' }),
  stages,
});
const agreed = planWith(install, stage(2, 'files', '/etc/a'), stage(3, 'more', '/etc/b'));

/** What is carried out, each as `RUN PATHS`, and what comes of it. */
async function run(
  plan: HostPlan,
  { ends = {}, ...more }: Partial<StageOptions> & { readonly ends?: Readonly<Record<string, Status>> } = {},
): Promise<{ readonly done: readonly string[]; readonly result: HostResult }> {
  const done: string[] = [];
  const result = await applyStages(plan, {
    exactly: false,
    leave: new AbortController().signal,
    carryOut: async (host, one, number) => {
      done.push([stageRun('RUN', number), ...one.changes.map(({ path }) => path)].join(' '));
      const status = ends[one.name ?? ''] ?? 'changed';
      const problem = status === 'changed' ? undefined : { code: 'x', message: 'it failed' };
      return { plan: host, status, problem, ran: [`${one.number}`], warnings: ['same'], durationMs: 1 };
    },
    ...more,
  });
  return { done, result };
}

const paths = ({ plan }: HostResult) =>
  plan.stages.map(({ changes }) => changes.map(({ path }) => path).join());

describe('the stages of a host', () => {
  it('are carried out as planned where nobody looks again, each a transaction of its own', async () => {
    const { done, result } = await run(agreed, { from: 4 });
    expect(done).toEqual(['RUN-4', 'RUN-5 /etc/a', 'RUN-6 /etc/b']);
    expect(result).toMatchObject({
      status: 'changed',
      ran: ['1', '2', '3'],
      warnings: ['same'],
      durationMs: 3,
    });
    expect(result.plan).toEqual(agreed);
  });

  it('are not begun with the first again where people came to a later one', async () => {
    const cameAt = async (name: string) =>
      await applyStages(agreed, {
        ...{ exactly: false, leave: new AbortController().signal },
        carryOut: async (host, one) => ({
          ...{ plan: host, ran: [], warnings: [], durationMs: 1 },
          ...(one.name === name
            ? { status: 'deferred' as const, problem: { code: 'busy', message: 'people are there' } }
            : { status: 'changed' as const, problem: undefined }),
        }),
      });
    expect(isBusy(await cameAt('packages'))).toBe(true);
    expect(isBusy(await cameAt('files'))).toBe(false);
  });

  it('are told as they were carried out: what a new look has made of them, and what was left', async () => {
    const again = async () => planWith(stage(2, 'files', '/etc/other'), stage(3, 'more', '/etc/b'));
    const { done, result } = await run(agreed, { again, ends: { files: 'rolled-back' } });
    expect(done).toEqual(['RUN', 'RUN-2 /etc/other']);
    expect(paths(result)).toEqual(['', '/etc/other', '/etc/b']);
    expect(result.status).toBe('rolled-back');
    expect(result.problem?.message).toBe('stage files: it failed (the stages before it are done, and stay)');
  });

  it('end where nothing is left behind the one that was carried out', async () => {
    const idle = { ...stage(3, 'more', ''), changes: [] };
    const { done, result } = await run(agreed, { again: async () => planWith(idle) });
    expect([done, result.status]).toEqual([['RUN'], 'changed']);
  });

  it('are not begun that are otherwise than agreed on, nor once the host is left to itself', async () => {
    const again = async () => planWith(stage(2, 'files', '/etc/other'), stage(3, 'more', '/etc/b'));
    const strict = await run(agreed, { again, exactly: true });
    expect(strict.done).toEqual(['RUN']);
    expect(strict.result).toMatchObject({
      status: 'failed',
      problem: { code: 'stage-differs', host: 'lb-1' },
    });
    expect(paths(strict.result)).toEqual(['', '/etc/a', '/etc/b']);
    const left = await run(agreed, { leave: AbortSignal.abort() });
    expect(left.result.problem?.message).toContain('before the stage files');
  });

  it('end where an action has no effect, and where the host can not be looked at', async () => {
    const repeated = await run(agreed, { again: async () => planWith(install) });
    expect(repeated.result.problem).toMatchObject({ code: 'action-without-effect', step: 'packages' });
    const problem = { code: 'unreachable', message: 'no answer' };
    const lost = await run(agreed, { again: async () => ({ ...agreed, problem }) });
    expect(lost.result).toMatchObject({ status: 'failed', problem });
  });
});

describe('what is done to a host', () => {
  it('has an id of its own each time, which sorts after all others of the run', () => {
    const { next } = transactionIds('RUN');
    expect([next('a', 1), next('a', 1), next('b', 1), next('a', 2), next('b', 4), next('b', 2)]).toEqual([
      ...['RUN', 'RUN-2', 'RUN', 'RUN-3', 'RUN-4', 'RUN-5'],
    ]);
    for (let number = 4; number <= 9; number++) expect(next('a', 1)).toBe(`RUN-${number}`);
    expect(next('a', 1)).toBeUndefined();
  });
});
