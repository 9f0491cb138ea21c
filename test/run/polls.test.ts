import { rmSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Inventory } from '../../src/inventory/inventory.ts';
import type { RunRecord } from '../../src/model/transaction.ts';
import { pollsNotes, pollsRefusal } from '../../src/run/busy/polls-refusal.ts';
import { hostOf } from '../../src/run/busy/waiting.ts';
import type { ApplyOptions } from '../../src/run/options.ts';
import { longestWork, transactionOf } from '../../src/run/transaction-of.ts';
import { applyOptions, statuses } from './cluster.ts';
import { type BalancedCluster, startBalancedCluster } from './with-balancer.ts';

let balanced: BalancedCluster;
let scalelite: Inventory;

const meetings = (node: string, text: string | undefined) => {
  const file = balanced.cluster.path(node, '/run/stand-in/meetings');
  if (text === undefined) rmSync(file, { force: true });
  else writeFileSync(file, `${text}\n`);
};
const inventoryOf = (vars: string, edit: (text: string) => string = balanced.withBalancer) =>
  balanced.cluster.inventory((text) => edit(text).replace(/^vars: \{.*\}$/m, `vars: {${vars}}`));
const refusal = async (inventory: Inventory, more: Partial<ApplyOptions> = {}) => {
  const { hosts } = await balanced.cluster.plan(inventory);
  return pollsRefusal(hosts, applyOptions(inventory, { whenBusy: 'force', ...more }));
};

beforeAll(async () => {
  balanced = await startBalancedCluster();
  scalelite = await inventoryOf('meeting_balancer_kind: scalelite');
});
afterAll(() => balanced.close());
afterEach(() => {
  for (const node of ['bbb-01', 'bbb-02', 'bbb-03']) meetings(node, undefined);
});

describe('a run by which nodes with people would be silent for longer than Scalelite has patience', () => {
  it('is refused, with who is there, for how long it may be, and what to do', async () => {
    meetings('bbb-01', '12 Maths');
    meetings('bbb-03', '3 Physics');
    expect(await refusal(scalelite)).toEqual({
      code: 'balancer-ends-sessions',
      message: expect.stringMatching(
        /^it is not empty \(running meetings: 1, with 12 people\), and may be silent for up to 13 min while it is changed, and put back if that fails \(restart-bbb-web\); after 1m without an answer, Scalelite ends all its meetings; it is the same with bbb-03$/,
      ),
      next: expect.stringMatching(/--when-busy drain; or .*docker stop scalelite-poller.*--despite-polls/),
      host: 'bbb-01',
    });
    const { hosts } = await balanced.cluster.plan(scalelite);
    expect(pollsNotes(hosts, applyOptions(scalelite, { whenBusy: 'force' }))).toEqual([
      expect.stringContaining('bbb-01: apply would refuse at this moment (balancer-ends-sessions): it is'),
    ]);
  });

  it('is not refused where people are waited for, where nobody is, or where somebody says that it may be', async () => {
    expect(await refusal(scalelite)).toBeUndefined();
    meetings('bbb-01', '12 Maths');
    for (const whenBusy of ['refuse', 'wait', 'drain'] as const)
      expect(await refusal(scalelite, { whenBusy })).toBeUndefined();
    expect(await refusal(scalelite, { despitePolls: true })).toBeUndefined();
  });

  it('goes by the balancer: its kind, its patience, and whether the inventory has it at all', async () => {
    meetings('bbb-01', '12 Maths');
    for (const kind of ['b3scale', 'bbblb'])
      expect(await refusal(await inventoryOf(`meeting_balancer_kind: ${kind}`))).toBeUndefined();
    const patient = await inventoryOf('meeting_balancer_poll_interval: 15m');
    expect(await refusal(patient)).toBeUndefined();
    const often = await inventoryOf('meeting_balancer_poll_interval: 20s, meeting_balancer_poll_misses: 4');
    expect((await refusal(often))?.message).toContain('after 1m without an answer');
    const strict = await inventoryOf('meeting_balancer_poll_misses: 1');
    expect((await refusal(strict))?.message).toContain('; the first time that it gives no answer, Scalelite');
    const none = await balanced.cluster.inventory();
    expect(await refusal(none)).toBeUndefined();
    const byAddress = await balanced.cluster.inventory((text) =>
      text.replace('hosts:\n', 'vars: {meeting_balancer: https://scalelite.example.com}\nhosts:\n'),
    );
    expect((await refusal(byAddress))?.code).toBe('balancer-ends-sessions');
  });

  it('is refused for people who are ignored, whatever is done with others', async () => {
    const { hosts } = await balanced.cluster.plan(scalelite);
    const ignoring = (participants: number) =>
      hosts.map((plan) => ({
        ...plan,
        guards: plan.guards.map((guard) => ({
          ...guard,
          state: 'idle' as const,
          ignored: [{ participants }],
        })),
      }));
    const options = applyOptions(scalelite, { whenBusy: 'drain' });
    expect(pollsRefusal(ignoring(4), options)).toMatchObject({
      message: expect.stringContaining(
        'it is not empty (running meetings that are ignored: 1, with 4 people)',
      ),
      next: expect.stringMatching(/^no longer have them ignored/),
    });
    // Nobody has ever joined them.
    expect(pollsRefusal(ignoring(0), options)).toBeUndefined();
  });

  it('asks its guards on the host although it may interrupt people, for those who come later', async () => {
    const { hosts } = await balanced.cluster.plan(scalelite);
    const plan = hosts.find(({ host }) => host === 'bbb-01');
    const [stage] = plan?.stages ?? [];
    if (plan === undefined || stage === undefined) throw new Error('nothing is to be done');
    const names = { run: 'r', startedAt: '', proof: undefined, beginBefore: undefined, lease: undefined };
    const force = (more: Partial<ApplyOptions>, inventory = scalelite) => {
      const options = applyOptions(inventory, { whenBusy: 'force', ...more });
      expect(longestWork(plan, options)).toBeGreaterThan(0);
      return transactionOf(plan, stage, hostOf(plan, options), names, options);
    };
    expect(force({}).force).toBe(false);
    expect(force({ despitePolls: true })).toMatchObject({
      force: true,
      record: { despitePolls: true } satisfies Partial<RunRecord>,
    });
    expect(force({}, await inventoryOf('meeting_balancer_kind: b3scale')).force).toBe(true);
    meetings('bbb-01', '12 Maths');
    const busy = await balanced.cluster.apply(scalelite, { whenBusy: 'force', limit: ['proxy', 'bbb-01'] });
    expect(statuses(busy)['bbb-01']).toBe('deferred');
    const said = { whenBusy: 'force', despitePolls: true, limit: ['proxy', 'bbb-01'] } as const;
    expect(statuses(await balanced.cluster.apply(scalelite, said))['bbb-01']).toBe('changed');
  });
});
