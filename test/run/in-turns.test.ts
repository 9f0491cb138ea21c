import { describe, expect, it } from 'vitest';
import { noReads } from '../../src/model/reads.ts';
import { type PlanInput, planCluster, planInTurns } from '../../src/plan/forward/plan-cluster.ts';
import { inTurns } from '../../src/run/planning/in-turns.ts';
import { wantedStep, wants } from '../support/recorded-run.ts';
import { snapshotOf } from '../support/snapshot-from-folder.ts';

const path = '/etc/large.yml';

/** A host with a file that takes the editor a while for each key, and the keys. */
function hostWith(lines: number, keys: number): PlanInput {
  const text = Array.from({ length: lines }, (_, i) => `key${i}: "value" # why\n`).join('');
  const snapshot = snapshotOf({ name: 'a', files: { [path]: text } }, { ...noReads, paths: [path, '/etc'] });
  const set = Object.fromEntries(Array.from({ length: keys }, (_, i) => [`key${i}`, 'another']));
  return {
    cluster: 'prod',
    playbook: 'test',
    hosts: [{ name: 'a', role: 'node', snapshot, problem: undefined, durationMs: 0 }],
    resolve: wants([wantedStep('keys', 'yaml', { path, set })]),
    crossChecks: [],
  };
}

const never = new AbortController().signal;

describe('planning in turns', () => {
  it('plans the same as without a pause', async () => {
    const plans = await inTurns(planInTurns(hostWith(20, 5)), never);
    expect(plans).toEqual(planCluster(hostWith(20, 5)));
    expect(plans[0]?.problem).toBe(undefined);
  });

  it('pauses within one step of one host: what happens meanwhile is attended to, and ends it', async () => {
    const input = hostWith(1_500, 8);
    const interrupted = new AbortController();
    // What a signal does: Node calls its handler when the event loop comes round.
    setImmediate(() => interrupted.abort());
    await expect(inTurns(planInTurns(input), interrupted.signal)).rejects.toMatchObject({
      problem: { code: 'interrupted' },
    });
  });

  it('doesn’t let a small host wait for a large one', async () => {
    const done: string[] = [];
    const plan = async (name: string, input: PlanInput) => {
      await inTurns(planInTurns(input), never);
      done.push(name);
    };
    await Promise.all([plan('large', hostWith(1_500, 8)), plan('small', hostWith(20, 2))]);
    expect(done).toEqual(['small', 'large']);
  });
});
