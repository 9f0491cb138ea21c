import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HostPlan } from '../../src/model/plan.ts';
import type { ProgressEvent } from '../../src/model/progress.ts';
import type { HostResult } from '../../src/model/result.ts';
import { holdersNow } from '../../src/run/holders-now.ts';
import { wavesOf } from '../../src/run/wave.ts';
import { inWaves } from '../../src/run/waves.ts';
import { applyOptions } from './cluster.ts';
import { type MadeUpPair, startPair } from './made-up-pair.ts';

let pair: MadeUpPair;
beforeAll(async () => {
  pair = await startPair();
});
afterAll(() => pair.close());
beforeEach(() => {
  pair.has('proxy-1');
  for (const host of pair.hosts.values()) host.unplug(false);
});

/** The order in which hosts are changed, and what is said of it, where something happens after the look. */
async function changed(meanwhile: () => void, plansOf = (plans: readonly HostPlan[]) => plans) {
  const inventory = await pair.inventory();
  const said: ProgressEvent[] = [];
  const options = applyOptions(inventory, { progress: (event) => said.push(event) });
  const plans = plansOf(await pair.plans(inventory));
  meanwhile();
  const order: string[] = [];
  const results = await inWaves(
    wavesOf(plans, options),
    { ...options, inOrderNow: holdersNow(options) },
    async (plan): Promise<HostResult> => {
      order.push(plan.host);
      return { plan, status: 'changed', problem: undefined, ran: [], warnings: [], durationMs: 0 };
    },
  );
  expect(results).toHaveLength(plans.length);
  return { order, said: said.flatMap((event) => (event.kind === 'message' ? [event.text] : [])) };
}

describe('the order of a pair', () => {
  it('goes by who has the address when the pair is begun, not when it was looked at', async () => {
    expect(await changed(() => pair.has('proxy-2'))).toEqual({
      order: ['proxy-1', 'proxy-2'],
      said: ["proxy-2 has the cluster's address by now, and is changed last of its role"],
    });
  });

  it('is as planned, and nothing is said, where the address has stayed', async () => {
    expect(await changed(() => undefined)).toEqual({ order: ['proxy-2', 'proxy-1'], said: [] });
  });

  it('goes by the look where a host can not be asked any more', async () => {
    const { order } = await changed(() => {
      for (const host of pair.hosts.values()) host.unplug(true);
    });
    expect(order).toEqual(['proxy-2', 'proxy-1']);
  });

  it('is asked for only where two are to be changed', async () => {
    const logins = () => [...pair.hosts.values()].reduce((sum, host) => sum + host.connections, 0);
    let before = 0;
    await changed(
      () => {
        before = logins();
      },
      (plans) => plans.map((plan) => ({ ...plan, skipped: plan.host === 'proxy-1' })),
    );
    expect(logins()).toBe(before);
  });
});
