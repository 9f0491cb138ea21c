import { rmSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RoleTurn } from '../../src/run/busy/role-turn.ts';
import { applyOptions } from './cluster.ts';
import { type MadeUpPair, startPair, textOf } from './made-up-pair.ts';

let pair: MadeUpPair;
beforeAll(async () => {
  pair = await startPair();
});
afterAll(() => pair.close());
afterEach(() => {
  for (const [name, host] of pair.hosts) {
    host.unplug(false);
    rmSync(pair.path(name, 'run/clusterproxy-turn'), { recursive: true, force: true });
    runsFor(name, 1_000);
  }
});

const runsFor = (host: string, seconds: number) =>
  writeFileSync(pair.path(host, 'proc/uptime'), `${seconds}.5 900.1\n`);
/** Whose turn a host has noted. */
const noted = (host: string) => textOf(pair.path(host, 'run/clusterproxy-turn/turn')).split('\x1f')[0];

/** The turn of a run of one of the clusters that share the pair. */
async function turnOf(cluster: string, signal = new AbortController().signal) {
  const inventory = await pair.inventory(cluster);
  const plans = await pair.plans(inventory);
  return new RoleTurn('proxy', { ...applyOptions(inventory, { signal }), plans, run: `run-of-${cluster}` });
}
const nobody = (whose: string) => expect.fail(`waits for ${whose}`);

describe('two clusters that share a pair', () => {
  it('have their runs hand something over one after the other, whichever host each begins with', async () => {
    const turns = { school: await turnOf('school'), town: await turnOf('town') };
    const seen: string[] = [];
    const waited: string[] = [];
    const run = async (cluster: keyof typeof turns, host: string) => {
      const begin = () =>
        turns[cluster].begin(
          host,
          (whose) => waited.push(whose),
          async () => seen.push(`${cluster} begins`),
        );
      await begin();
      // Long enough for the other one to have begun as well, if it could.
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect([noted('proxy-1'), noted('proxy-2')]).toEqual(Array(2).fill(`${cluster}/run-of-${cluster}`));
      seen.push(`${cluster} ends`);
      await turns[cluster].end();
    };
    await Promise.all([run('school', 'proxy-1'), run('town', 'proxy-2')]);
    const [first, second] = seen[0] === 'school begins' ? ['school', 'town'] : ['town', 'school'];
    expect(seen).toEqual([`${first} begins`, `${first} ends`, `${second} begins`, `${second} ends`]);
    expect(waited).toEqual([expect.stringMatching(` of ${first}, run run-of-${first}$`)]);
    expect([noted('proxy-1'), noted('proxy-2')]).toEqual(['', '']);
  });

  it('leave the turn to one run until the last of its hosts has ended its part', async () => {
    const turn = await turnOf('school');
    await turn.begin('proxy-1', nobody, async () => undefined);
    await expect(
      turn.begin('proxy-2', nobody, () => Promise.reject(new Error('could not decide'))),
    ).rejects.toThrow('could not decide');
    await turn.end();
    expect(noted('proxy-1')).toBe('school/run-of-school');
    await turn.end();
    expect(noted('proxy-1')).toBe('');
  });

  it('wait no longer for a run that is gone', async () => {
    await (await turnOf('school')).begin('proxy-1', nobody, async () => undefined);
    const turn = await turnOf('town');
    for (const host of pair.hosts.keys()) runsFor(host, 1_300);
    await turn.begin('proxy-2', nobody, async () => undefined);
    expect(noted('proxy-1')).toBe('town/run-of-town');
    // It goes on as long as somebody follows the run.
    for (const host of pair.hosts.keys()) runsFor(host, 1_470);
    await turn.keep();
    for (const host of pair.hosts.keys()) runsFor(host, 1_600);
    const interrupted = new AbortController();
    await expect(
      (await turnOf('school', interrupted.signal)).begin(
        'proxy-1',
        () => interrupted.abort(),
        async () => expect.fail('nothing is decided'),
      ),
    ).rejects.toMatchObject({ problem: { code: 'cordoned-by-another' } });
    expect(noted('proxy-2')).toBe('town/run-of-town');
    await turn.end();
  });

  it('wait where only one of the hosts has started anew and forgotten it', async () => {
    const turn = await turnOf('school');
    await turn.begin('proxy-1', nobody, async () => undefined);
    rmSync(pair.path('proxy-1', 'run/clusterproxy-turn'), { recursive: true });
    const interrupted = new AbortController();
    const other = await turnOf('town', interrupted.signal);
    await expect(
      other.begin(
        'proxy-1',
        () => interrupted.abort(),
        async () => undefined,
      ),
    ).rejects.toMatchObject({ problem: { code: 'cordoned-by-another' } });
    // What it had taken by then is given back.
    expect(noted('proxy-1')).toBe('');
    await turn.end();
  });

  it('need no host that can not be reached, but the one at which they are at work', async () => {
    const turn = await turnOf('school');
    pair.hosts.get('proxy-2')?.unplug(true);
    await turn.begin('proxy-1', nobody, async () => undefined);
    await turn.end();
    await expect(turn.begin('proxy-2', nobody, async () => undefined)).rejects.toThrow();
    expect(noted('proxy-1')).toBe('');
  });
});
