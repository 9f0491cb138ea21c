import { EventEmitter, once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { HostPlan } from '../../src/model/plan.ts';
import type { HostResult, Status } from '../../src/model/result.ts';
import type { Waiting } from '../../src/run/busy/waiting.ts';
import type { Wave } from '../../src/run/wave.ts';
import { inWaves } from '../../src/run/waves.ts';
import { hostPlan } from '../support/host-plan.ts';

const node = (host: string): HostPlan =>
  hostPlan(host, 'node', {
    handlers: [
      {
        because: ['x'],
        handler: {
          ...{ id: 'restart', validate: undefined, checks: [], timeout: 60, settle: 3, rewrites: [] },
          actions: [{ kind: 'restart', unit: 'web.service' }],
          guards: [],
        },
      },
    ],
  });
const names = ['n1', 'n2', 'n3', 'n4'];
const plans = names.map(node);
const result = (plan: HostPlan, status: Status): HostResult => ({
  ...{ plan, status, problem: undefined, ran: [], warnings: [], durationMs: 0 },
});

/** People on hosts, by how many turns of other hosts they stay for; those who never leave stay `for ever`. */
function people(stay: Readonly<Record<string, number | 'for ever'>>) {
  const present = new Set(Object.keys(stay));
  const turns = new EventEmitter();
  let over = 0;
  const waiting: Waiting = {
    beginsBusy: ({ host }) => present.has(host),
    triesAgain: ({ status }) => status === 'deferred',
    until: async ({ host }, signal) => {
      if (present.has(host)) await once(turns, `${stay[host]}`, { signal }).catch(() => undefined);
      present.delete(host);
      return undefined;
    },
  };
  const turnIsOver = () => {
    over += 1;
    turns.emit(`${over}`);
  };
  return { waiting, turns, turnIsOver };
}

async function run(
  given: {
    readonly waiting: Waiting;
    readonly turnIsOver?: () => void;
    readonly ends?: Readonly<Record<string, readonly Status[]>>;
    readonly signal?: AbortSignal;
  },
  wave: Partial<Wave> = {},
) {
  const begun: string[] = [];
  const left = new Map(
    Object.entries(given.ends ?? {}).map(([host, all]): [string, Status[]] => [host, [...all]]),
  );
  const signal = given.signal ?? new AbortController().signal;
  const waves = [{ role: 'node', plans, limit: 1, parallel: 4, down: [], leads: true, ...wave }];
  const results = await inWaves(waves, { maxFailures: 0, signal, waiting: given.waiting }, async (plan) => {
    begun.push(plan.host);
    await setImmediate();
    given.turnIsOver?.();
    return result(plan, left.get(plan.host)?.shift() ?? 'changed');
  });
  return { begun, statuses: results.map(({ plan, status }) => `${plan.host} ${status}`) };
}

describe('hosts on which people are', () => {
  it('take their turn once these have gone, while the others are changed', async () => {
    const { begun, statuses } = await run(people({ n1: 3, n3: 2 }));
    expect(begun).toEqual(['n2', 'n4', 'n3', 'n1']);
    expect(statuses).toEqual(names.map((name) => `${name} changed`));
  });

  it('are tried again where people came in the last moment, at the end of the row', async () => {
    const { begun, statuses } = await run({
      ...people({}),
      ends: { n1: ['deferred', 'deferred', 'changed'] },
    });
    expect(begun.filter((one) => one === 'n1')).toHaveLength(3);
    expect(begun.slice(0, 2)).toEqual(['n1', 'n2']);
    expect(statuses).toEqual(names.map((name) => `${name} changed`));
  });

  it('are no longer waited for once the run has failed, and say why nothing was done', async () => {
    const all = people({ n1: 'for ever', n4: 'for ever' });
    const { begun, statuses } = await run({ ...all, ends: { n2: ['rolled-back'] } });
    expect(begun).toEqual(['n2']);
    expect(statuses).toEqual(['n1 not-started', 'n2 rolled-back', 'n3 not-started', 'n4 not-started']);
  });

  it('are no longer waited for once the operator has interrupted the run', async () => {
    const interrupted = new AbortController();
    const { waiting, turns, turnIsOver } = people({ n1: 'for ever' });
    const stopping: Waiting = {
      ...waiting,
      until: (plan, stop) => waiting.until(plan, AbortSignal.any([stop, interrupted.signal])),
    };
    turns.once('3', () => interrupted.abort());
    const { begun, statuses } = await run({ waiting: stopping, turnIsOver, signal: interrupted.signal });
    expect(begun).toEqual(['n2', 'n3', 'n4']);
    expect(statuses[0]).toBe('n1 not-started');
  });

  it('end as told where people stay for longer than they are waited for', async () => {
    const late: Waiting = {
      beginsBusy: ({ host }) => host === 'n1',
      triesAgain: () => false,
      until: async (plan) => result(plan, 'deferred'),
    };
    const { begun, statuses } = await run({ waiting: late });
    expect(begun).toEqual(['n2', 'n3', 'n4']);
    expect(statuses[0]).toBe('n1 deferred');
  });

  it('are not waited for where a host of an earlier role is not as planned', async () => {
    const { waiting } = people({ n1: 'for ever' });
    const results = await inWaves(
      [
        { role: 'proxy', plans: [node('p')], limit: 1, parallel: 1, down: [], leads: true },
        { role: 'node', plans, limit: 1, parallel: 4, down: [], leads: true },
      ],
      { maxFailures: 9, signal: new AbortController().signal, waiting },
      async (plan) => result(plan, plan.host === 'p' ? 'failed' : 'changed'),
    );
    expect(results.map(({ status }) => status)).toEqual(['failed', ...names.map(() => 'not-started')]);
  });
});
