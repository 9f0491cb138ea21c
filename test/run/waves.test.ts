import { describe, expect, it } from 'vitest';
import type { HostPlan } from '../../src/model/plan.ts';
import type { HostResult, Status } from '../../src/model/result.ts';
import type { RoleSoFar } from '../../src/run/queue/queue-hosts.ts';
import type { Wave } from '../../src/run/wave.ts';
import { inWaves, type WaveOptions } from '../../src/run/waves.ts';
import { hostPlan } from '../support/host-plan.ts';

const proxy = hostPlan('proxy-1', 'proxy');
const nodes = ['bbb-01', 'bbb-02', 'bbb-03'].map((name) => hostPlan(name, 'node'));

interface Hosts {
  /** in the order in which they were started */
  readonly started: string[];
  /** the largest number of hosts under way at once, after the first of the role */
  most: number;
}

function hostsThatEnd(ends: Readonly<Record<string, Status>>) {
  const hosts: Hosts = { started: [], most: 0 };
  let underWay = 0;
  const carryOut = async (plan: HostPlan): Promise<HostResult> => {
    hosts.started.push(plan.host);
    underWay += 1;
    hosts.most = Math.max(hosts.most, underWay);
    await new Promise((resolve) => setTimeout(resolve, 5));
    underWay -= 1;
    const status = ends[plan.host] ?? 'changed';
    return { plan, status, problem: undefined, ran: [], warnings: [], durationMs: 0 };
  };
  return { hosts, carryOut };
}

const options = { maxFailures: 0, signal: new AbortController().signal };

/** Roles whose hosts may all be out at once. */
function waves(...roles: readonly (readonly HostPlan[])[]): readonly Wave[] {
  return roles.map((plans) => ({
    role: plans[0]?.role ?? '',
    plans,
    limit: 9,
    parallel: 5,
    down: [],
    leads: true,
  }));
}

/** What happens to the nodes after the proxy. */
async function among(ends: Readonly<Record<string, Status>>, more: Partial<WaveOptions> = {}) {
  const { hosts, carryOut } = hostsThatEnd(ends);
  const results = await inWaves(waves([proxy], nodes), { ...options, ...more }, carryOut);
  return { hosts, results };
}
const statuses = (results: readonly HostResult[]) =>
  Object.fromEntries(results.map((result) => [result.plan.host, result.status]));

describe('the order of a run', () => {
  it('does the earlier role first, and in each role the first host alone', async () => {
    const { hosts, carryOut } = hostsThatEnd({});
    await inWaves(waves([proxy], nodes), options, carryOut);
    expect(hosts.started).toEqual(['proxy-1', 'bbb-01', 'bbb-02', 'bbb-03']);
    expect(hosts.most).toBe(2);
  });

  it('waits for no host of a role in which nothing is ever changed', async () => {
    const [teller, ...others] = waves([hostPlan('lb', 'balancer')], [proxy], nodes);
    if (teller === undefined) throw new Error('no wave');
    const { carryOut } = hostsThatEnd({ lb: 'unreachable' });
    const all = [{ ...teller, leads: false }, ...others];
    const results = await inWaves(all, { ...options, maxFailures: 1 }, carryOut);
    expect(statuses(results)).toMatchObject({ lb: 'unreachable', 'proxy-1': 'changed', 'bbb-03': 'changed' });
    const held = await inWaves([teller, ...others], { ...options, maxFailures: 1 }, carryOut);
    expect(statuses(held)).toMatchObject({ 'proxy-1': 'not-started' });
  });

  it('stops at the first host that fails', async () => {
    const { hosts, carryOut } = hostsThatEnd({ 'bbb-01': 'rolled-back' });
    const results = await inWaves(waves([proxy], nodes), options, carryOut);
    expect(hosts.started).toEqual(['proxy-1', 'bbb-01']);
    expect(statuses(results)).toEqual({
      'proxy-1': 'changed',
      'bbb-01': 'rolled-back',
      'bbb-02': 'not-started',
      'bbb-03': 'not-started',
    });
  });

  it('lets the others wait for the first that was really changed, whoever was put off or had nothing to do', async () => {
    for (const first of ['deferred', 'in-sync'] as const) {
      const { hosts, results } = await among({ 'bbb-01': first, 'bbb-02': 'rolled-back' });
      expect(hosts.started).toEqual(['proxy-1', 'bbb-01', 'bbb-02']);
      expect(hosts.most).toBe(1);
      expect(statuses(results)).toMatchObject({ 'bbb-02': 'rolled-back', 'bbb-03': 'not-started' });
    }
  });

  it('counts a host that stays changed unconfirmed as changed', async () => {
    const { hosts } = await among({ 'bbb-01': 'kept' }, { maxFailures: 1 });
    expect(hosts.most).toBe(2);
  });

  it('goes on after as many failures as the operator allows', async () => {
    const { hosts, carryOut } = hostsThatEnd({ 'bbb-01': 'rolled-back' });
    await inWaves(waves([proxy], nodes), { ...options, maxFailures: 1 }, carryOut);
    expect(hosts.started).toEqual(['proxy-1', 'bbb-01', 'bbb-02', 'bbb-03']);
  });

  it('starts no node without the proxy, whatever the operator allows', async () => {
    for (const ends of [{ 'proxy-1': 'rolled-back' }, { 'proxy-1': 'unknown' }] as const) {
      const { hosts, carryOut } = hostsThatEnd(ends);
      const results = await inWaves(waves([proxy], nodes), { ...options, maxFailures: 9 }, carryOut);
      expect(hosts.started).toEqual(['proxy-1']);
      expect(results.at(-1)?.problem?.message).toContain('proxy-1 comes first');
    }
  });

  it('starts no node when the proxy could not be looked at', async () => {
    const { hosts, carryOut } = hostsThatEnd({});
    const unreachable = hostPlan('proxy-1', 'proxy', {
      unreachable: true,
      changes: [],
      problem: { code: 'unreachable', message: 'no answer' },
    });
    const results = await inWaves(waves([unreachable], nodes), options, carryOut);
    expect(hosts.started).toEqual([]);
    expect(statuses(results)).toMatchObject({ 'proxy-1': 'unreachable', 'bbb-01': 'not-started' });
  });

  it('lets a node leave whose proxy could not be looked at, while those that stay wait for it', async () => {
    const unreachable = hostPlan('proxy-1', 'proxy', {
      unreachable: true,
      changes: [],
      problem: { code: 'unreachable', message: 'no answer' },
    });
    const leaving = hostPlan('bbb-09', 'node', { retires: true });
    const { hosts, carryOut } = hostsThatEnd({});
    const results = await inWaves(waves([unreachable], [leaving, ...nodes]), options, carryOut);
    expect(hosts.started).toEqual(['bbb-09']);
    expect(statuses(results)).toMatchObject({ 'bbb-09': 'changed', 'bbb-01': 'not-started' });
    // What fails in the run itself is another matter: it may be a fault common to all.
    const failing = hostsThatEnd({ 'proxy-1': 'rolled-back' });
    const after = await inWaves(waves([proxy], [leaving, ...nodes]), options, failing.carryOut);
    expect(failing.hosts.started).toEqual(['proxy-1']);
    expect(statuses(after)).toMatchObject({ 'bbb-09': 'not-started' });
  });

  it('waits for people only on hosts that may be begun', async () => {
    const unreachable = hostPlan('proxy-1', 'proxy', {
      unreachable: true,
      changes: [],
      problem: { code: 'unreachable', message: 'no answer' },
    });
    const waitedFor: string[] = [];
    const waiting = {
      beginsBusy: () => true,
      triesAgain: () => false,
      until: async ({ host }: HostPlan) => {
        waitedFor.push(host);
        return undefined;
      },
    };
    const leaving = hostPlan('bbb-09', 'node', { retires: true });
    const { hosts, carryOut } = hostsThatEnd({});
    await inWaves(waves([unreachable], [leaving, ...nodes]), { ...options, waiting }, carryOut);
    expect(waitedFor).toEqual(['bbb-09']);
    expect(hosts.started).toEqual(['bbb-09']);
  });

  it('is not stopped by a node that could not be looked at, nor by one that is put off', async () => {
    const { hosts, carryOut } = hostsThatEnd({ 'bbb-02': 'deferred' });
    const lost = hostPlan('bbb-00', 'node', {
      unreachable: true,
      changes: [],
      problem: { code: 'unreachable', message: 'no answer' },
    });
    const results = await inWaves(waves([proxy], [lost, ...nodes]), options, carryOut);
    expect(hosts.started).toEqual(['proxy-1', 'bbb-01', 'bbb-02', 'bbb-03']);
    expect(statuses(results)['bbb-00']).toBe('unreachable');
  });

  it('touches nobody who needs nothing, and nobody who is left out', async () => {
    const { hosts, carryOut } = hostsThatEnd({});
    const idle = hostPlan('bbb-01', 'node', { changes: [] });
    const left = hostPlan('bbb-02', 'node', { skipped: true });
    const results = await inWaves(waves([idle, left]), options, carryOut);
    expect(hosts.started).toEqual([]);
    expect(statuses(results)).toEqual({ 'bbb-01': 'in-sync', 'bbb-02': 'skipped' });
  });

  it('starts nobody once the operator has interrupted', async () => {
    const { hosts, carryOut } = hostsThatEnd({});
    const controller = new AbortController();
    const results = await inWaves(
      waves([proxy], nodes),
      { ...options, signal: controller.signal },
      async (plan) => {
        if (plan.host === 'bbb-01') controller.abort();
        return carryOut(plan);
      },
    );
    expect(hosts.started).toEqual(['proxy-1', 'bbb-01']);
    expect(statuses(results)).toMatchObject({ 'bbb-01': 'changed', 'bbb-02': 'not-started' });
  });

  it('calls nobody held back by a host that was left under way', async () => {
    const controller = new AbortController();
    const results = await inWaves(
      [{ role: 'node', plans: nodes, limit: 1, parallel: 1, down: [], leads: true }],
      { ...options, signal: controller.signal },
      async (plan) => {
        controller.abort();
        return { plan, status: 'unknown', problem: undefined, ran: [], warnings: [], durationMs: 0 };
      },
    );
    expect(results.map(({ problem }) => problem?.code)).toEqual([undefined, 'not-started', 'not-started']);
    expect(results[2]?.problem?.message).toContain('the run was interrupted before anything was begun on it');
    expect(results[2]?.problem?.next).toBe('run the command again');
  });
});

describe('hosts that are left to change themselves later', () => {
  const [first, second, third] = nodes.map(({ host }) => host);
  const queueing = (later: readonly (string | undefined)[]) => {
    const asked: { readonly hosts: readonly string[]; readonly proven: boolean }[] = [];
    return {
      asked,
      queueing: {
        isLater: ({ host }: HostPlan) => later.includes(host),
        becomesLater: ({ status }: HostResult) => status === 'deferred',
        queue: async (plans: readonly HostPlan[], { proven }: RoleSoFar) => {
          asked.push({ hosts: plans.map(({ host }) => host), proven });
          return plans.map(
            (plan): HostResult => ({
              ...{ plan, status: 'queued', problem: undefined, ran: [], warnings: [], durationMs: 0 },
            }),
          );
        },
      },
    };
  };

  it('are queued once the others have had their turn, and with them those that were put off', async () => {
    const { asked, ...options } = queueing([first]);
    const { hosts, results } = await among({ 'bbb-03': 'deferred' }, options);
    expect(hosts.started).toEqual(['proxy-1', second, third]);
    expect(asked).toEqual([{ hosts: [first, third], proven: true }]);
    expect(statuses(results)).toMatchObject({
      ...{ 'bbb-01': 'queued', 'bbb-02': 'changed', 'bbb-03': 'queued' },
    });
  });

  it('have nobody before them who has shown that it works, where all are busy', async () => {
    const { asked, ...options } = queueing([first, second, third]);
    await among({}, options);
    expect(asked).toEqual([{ hosts: [first, second, third], proven: false }]);
  });

  it('are not queued after one has failed', async () => {
    const { asked, ...options } = queueing([second]);
    const { results } = await among({ 'bbb-01': 'rolled-back' }, options);
    expect(asked).toEqual([]);
    expect(statuses(results)).toMatchObject({ 'bbb-02': 'not-started', 'bbb-03': 'not-started' });
    expect(results.find(({ plan }) => plan.host === second)?.problem?.message).toContain(
      'another host failed before its turn',
    );
  });

  it('are not queued where a host of an earlier role has failed', async () => {
    const { asked, ...options } = queueing([second]);
    const { results } = await among({ 'proxy-1': 'rolled-back' }, options);
    expect(asked).toEqual([]);
    expect(statuses(results)).toMatchObject({ 'bbb-02': 'not-started' });
  });
});
