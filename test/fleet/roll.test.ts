import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextOf } from '../../src/fleet/next.ts';
import { inRings } from '../../src/fleet/rings.ts';
import { type Rolling, roll } from '../../src/fleet/roll.ts';

const never = () => false;

/** Carries out on numbers; those that are named fail. What happened stands in `log`. */
function fleet(more: Partial<Rolling<number, boolean>> & { readonly failing?: readonly number[] }) {
  const log: string[] = [];
  let [now, most] = [0, 0];
  const rolling: Rolling<number, boolean> = {
    ...{ rings: [[1, 2, 3, 4, 5]], atOnce: 1, maxFailed: 0, excludes: never },
    isFailure: (outcome) => !outcome,
    signal: new AbortController().signal,
    carryOut: async (cluster) => {
      log.push(`+${cluster}`);
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      log.push(`-${cluster}`);
      return more.failing?.includes(cluster) !== true;
    },
    ...more,
  };
  return { log, rolling, most: () => most };
}

describe('a fleet', () => {
  it('takes one cluster after the other, in their order', async () => {
    const { log, rolling } = fleet({});
    const { outcomes, stopped } = await roll(rolling);
    expect(log).toEqual(['+1', '-1', '+2', '-2', '+3', '-3', '+4', '-4', '+5', '-5']);
    expect([...outcomes.keys()]).toEqual([1, 2, 3, 4, 5]);
    expect(stopped).toBeUndefined();
  });

  it('begins no further one after a failure, and ends those at work', async () => {
    const { log, rolling } = fleet({ atOnce: 2, failing: [1] });
    const { outcomes, stopped } = await roll(rolling);
    expect(stopped).toBe('budget');
    expect(log.slice(0, 2)).toEqual(['+1', '+2']);
    expect(log).toContain('-2');
    expect(outcomes.get(1)).toBe(false);
    expect(outcomes.has(5)).toBe(false);
  });

  it('goes on as long as no more have failed than may', async () => {
    const { rolling } = fleet({ maxFailed: 1, failing: [2, 4] });
    const { outcomes, stopped } = await roll(rolling);
    expect([...outcomes.keys()]).toEqual([1, 2, 3, 4]);
    expect(stopped).toBe('budget');
  });

  it('counts those that had failed before', async () => {
    const { outcomes, stopped } = await roll(fleet({ failedBefore: [9], maxFailed: 0 }).rolling);
    expect([outcomes.size, stopped]).toEqual([0, 'budget']);
    // One that had failed and fails once more is one.
    const again = await roll(fleet({ failedBefore: [2], failing: [2], maxFailed: 1 }).rolling);
    expect([again.outcomes.size, again.stopped]).toEqual([5, undefined]);
  });

  it('begins a ring when all of the one before have ended', async () => {
    const { log, rolling, most } = fleet({ rings: [[1], [2, 3], [4, 5]], atOnce: 5 });
    await roll(rolling);
    expect(log).toEqual(['+1', '-1', '+2', '+3', '-2', '-3', '+4', '+5', '-4', '-5']);
    expect(most()).toBe(2);
  });

  it('never works on two that exclude each other, and holds up no other for that', async () => {
    const excludes = (one: number, other: number) => one + other === 3;
    const { log, rolling } = fleet({ atOnce: 2, excludes });
    await roll(rolling);
    expect(log.slice(0, 2)).toEqual(['+1', '+3']);
    expect(log.indexOf('+2')).toBeGreaterThan(log.indexOf('-1'));
  });

  it('begins no further one once it is interrupted', async () => {
    const interrupting = new AbortController();
    const { rolling, log } = fleet({ signal: interrupting.signal });
    const { outcomes, stopped } = await roll({
      ...rolling,
      carryOut: async (cluster) => {
        if (cluster === 2) interrupting.abort();
        return rolling.carryOut(cluster);
      },
    });
    expect(log).toEqual(['+1', '-1', '+2', '-2']);
    expect([[...outcomes.keys()], stopped]).toEqual([[1, 2], 'interrupted']);
  });

  it('is over, and has kept to all of its limits, whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          clusters: fc.integer({ min: 0, max: 12 }),
          sizes: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
          atOnce: fc.integer({ min: 1, max: 5 }),
          maxFailed: fc.integer({ min: 0, max: 4 }),
          failing: fc.array(fc.integer({ min: 0, max: 11 })),
          sharing: fc.integer({ min: 0, max: 12 }),
        }),
        async ({ clusters, sizes, atOnce, maxFailed, failing, sharing }) => {
          const all = Array.from({ length: clusters }, (_, index) => index);
          const rings = inRings(all, [...sizes, 'rest']);
          const atWork = new Set<number>();
          const excludes = (one: number, other: number) => one + other === sharing;
          const { rolling } = fleet({ rings, atOnce, maxFailed, failing, excludes });
          const failed = new Set<number>();
          const ended = new Set<number>();
          const { outcomes, stopped } = await roll({
            ...rolling,
            carryOut: async (cluster) => {
              const ring = rings.findIndex((one) => one.includes(cluster));
              for (const one of rings.slice(0, ring).flat()) expect(ended).toContain(one);
              for (const other of atWork) expect(excludes(cluster, other)).toBe(false);
              expect(failed.size).toBeLessThanOrEqual(maxFailed);
              atWork.add(cluster);
              expect(atWork.size).toBeLessThanOrEqual(atOnce);
              const outcome = await rolling.carryOut(cluster);
              atWork.delete(cluster);
              ended.add(cluster);
              if (!outcome) failed.add(cluster);
              return outcome;
            },
          });
          if (stopped === undefined) expect(outcomes.size).toBe(clusters);
          else expect(failed.size).toBeGreaterThan(maxFailed);
        },
      ),
    );
  });
});

describe('what is next', () => {
  const limits = { atOnce: 1, maxFailed: 0, excludes: never };
  const none = new Set<number>();

  it('says why nothing begins any more only once nothing is at work', () => {
    const state = { rings: [[1, 2]], ended: none, failed: new Set([7]), isInterrupted: false };
    expect(nextOf({ ...state, atWork: new Set([1]) }, limits)).toEqual({ kind: 'wait' });
    expect(nextOf({ ...state, atWork: none }, limits)).toEqual({ kind: 'over', why: 'budget' });
    const all = { ...state, ended: new Set([1, 2]), atWork: none };
    expect(nextOf(all, limits)).toEqual({ kind: 'over' });
  });
});
