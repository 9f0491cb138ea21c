import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { forget } from '../../src/host/forget.ts';
import { releaseHold, setHold } from '../../src/host/hold.ts';
import { probe } from '../../src/host/probe.ts';
import { readRuns } from '../../src/host/runs.ts';
import { transact } from '../../src/host/transact.ts';
import { unlock } from '../../src/host/unlock.ts';
import { withdrawQueued } from '../../src/host/withdraw.ts';
import type { Handler } from '../../src/model/handler.ts';
import type { QueueRules } from '../../src/model/queue.ts';
import { noReads } from '../../src/model/reads.ts';
import type { Transaction } from '../../src/model/transaction.ts';
import type { Connection } from '../../src/ssh/contract.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import { change, file, machineId, type Sample, sampleHost, transaction, until } from './sample.ts';

let sample: Sample;
beforeEach(async () => {
  sample = await sampleHost();
});
afterEach(() => sample.close());

const site = '/etc/nginx/conf.d/site.conf';
const text = (path: string) => readFileSync(sample.path(path.slice(1)), 'utf8');
const folder = (run: string) => sample.path(`var/lib/clusterproxy/runs/${run}`);
const state = (run: string) => readFileSync(`${folder(run)}/state`, 'utf8').trim();
const timers = () => {
  const at = sample.path('etc/systemd/system');
  return existsSync(at) ? readdirSync(at).filter((name) => name.startsWith('clusterproxy-queued-')) : [];
};
const people = (there: boolean) => {
  if (there) writeFileSync(sample.path('run/people'), '');
  else rmSync(sample.path('run/people'), { force: true });
};
async function over<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
  const connection = await connect(sample.host.target);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}
const withdraw = () =>
  over((connection) => withdrawQueued(connection, { machineId, cluster: 'prod', who: 'ada from laptop' }));
const look = () => over((connection) => probe(connection, 'bbb-01', noReads, { cluster: 'prod' }));
const remembered = async (run: string) =>
  (await over((connection) => readRuns(connection))).find((one) => one.run === run);

/** While the file is there, somebody is there. */
const restart = (): Handler => ({
  ...{ id: 'restart-bbb-web', validate: undefined, timeout: 60, settle: 0, rewrites: [] },
  actions: [{ kind: 'restart', unit: 'bbb-web' }],
  checks: [{ kind: 'active', unit: 'bbb-web' }],
  guards: [
    {
      id: 'no-meetings',
      description: 'running meetings',
      query: {
        kind: 'command',
        args: ['sh', '-c', `[ ! -e ${sample.path('run/people')} ] || { echo a class; exit 1; }`],
      },
    },
  ],
});

const now = () => Math.floor(Date.now() / 1_000);
const rules = (more: Partial<QueueRules> = {}): QueueRules => ({
  ...{ idleFor: 1, every: 1, since: now(), until: now() + 3_600 },
  slots: [{ from: now() - 10, to: now() + 3_600 }],
  ...more,
});
const plan = (queue: QueueRules | undefined, content = 'server {\n  listen 81;\n}\n'): Transaction =>
  transaction([change(site, file(text(site)), file(content))], [restart()], { queue });
const send = (one: Transaction) => transact(() => connect(sample.host.target), one);

/** What the timer does each time. */
const ask = (run: string) => sample.host.run('sh', `${folder(run)}/queue.sh`, run);
/** Asks until the run has ended or, with `times`, so often; hosts count whole seconds. */
async function asking(run: string, times = Number.POSITIVE_INFINITY): Promise<void> {
  for (let asked = 0; asked < times; asked++) {
    await ask(run);
    await sleep(1_000);
    if (!timers().some((name) => name.includes(run))) return;
  }
}

describe('a run that waits', () => {
  test('begins once nobody has been there for long enough, and commits by itself', async () => {
    people(true);
    const one = plan(rules());
    expect(await send(one)).toMatchObject({ state: 'queued', problem: undefined, started: [] });
    expect(timers()).toHaveLength(2);
    await asking(one.run, 3);
    const waiting = await look();
    expect(waiting.unsettled).toEqual([]);
    expect(waiting.queued).toMatchObject([
      {
        ...{ run: one.run, idleFor: 1, slot: expect.anything() },
        who: expect.stringContaining('ada from laptop'),
        asked: { verdict: 'busy', idleSince: undefined, words: 'running meetings: 1' },
      },
    ]);
    expect(text(site)).toContain('listen 80');
    people(false);
    await asking(one.run);
    expect(state(one.run)).toBe('committed');
    expect(text(site)).toContain('listen 81');
    expect(timers()).toEqual([]);
    expect(existsSync(`${folder(one.run)}/contents`)).toBe(false);
    expect((await look()).queued).toBe(undefined);
  });

  test('waits for its slot, and for the end of a hold', async () => {
    const closed = plan(rules({ slots: [{ from: now() + 1_000, to: now() + 2_000 }] }));
    await send(closed);
    await asking(closed.run, 4);
    expect(state(closed.run)).toBe('queued');
    expect((await look()).queued?.[0]?.asked).toMatchObject({ verdict: 'none', heldBack: 'window' });
    const one = plan(rules());
    await over((connection) =>
      setHold(connection, { cluster: 'prod', by: 'ada', from: 'laptop', reason: 'exams', seconds: 600 }),
    );
    await send(one);
    await asking(one.run, 4);
    expect(state(one.run)).toBe('queued');
    expect((await look()).queued?.[0]?.asked).toMatchObject({ verdict: 'none', heldBack: 'held' });
    await over((connection) => releaseHold(connection, 'prod'));
    await asking(one.run);
    expect(state(one.run)).toBe('committed');
  });

  test('is refused if a file has changed since it was planned', async () => {
    const one = plan(rules());
    await send(one);
    writeFileSync(sample.path(site.slice(1)), 'server {}\n');
    await asking(one.run);
    expect(state(one.run)).toBe('refused');
    expect(text(site)).toBe('server {}\n');
    expect(await remembered(one.run)).toMatchObject({ problem: { code: 'changed-meanwhile' } });
    expect(timers()).toEqual([]);
  });

  test('expires', async () => {
    const one = plan(rules({ until: now() + 2 }));
    people(true);
    await send(one);
    await asking(one.run);
    expect(state(one.run)).toBe('abandoned');
    expect(await remembered(one.run)).toMatchObject({ problem: { code: 'expired' } });
    expect(text(site)).toContain('listen 80');
    expect(timers()).toEqual([]);
  });

  test('goes on waiting when people come between the question and the work', async () => {
    const one = plan(rules());
    // They come right after the run itself has asked for the first time, however often its timer has asked.
    const expected = sample.path('run/expected');
    writeFileSync(expected, '');
    const [handler] = one.handlers;
    const begun = `grep -q 'state.running' ${folder(one.run)}/log`;
    const args = [
      ...['sh', '-c'],
      `if [ -e ${sample.path('run/people')} ]; then exit 1; fi; if [ -e ${expected} ] && ${begun}; then touch ${sample.path('run/people')}; fi`,
    ];
    const guards = [{ id: 'g', query: { kind: 'command' as const, args } }];
    await send({ ...one, handlers: [{ ...restart(), ...handler, guards }] });
    while (!existsSync(sample.path('run/people'))) await asking(one.run, 1);
    await until(() => state(one.run) === 'queued' && !existsSync(`${folder(one.run)}/boot-unit`));
    expect(readFileSync(`${folder(one.run)}/log`, 'utf8')).toContain('state\u001frunning');
    expect(text(site)).toContain('listen 80');
    expect(timers()).toHaveLength(2);
    rmSync(expected);
    people(false);
    await asking(one.run);
    expect(state(one.run)).toBe('committed');
    expect(await remembered(one.run)).toMatchObject({ problem: undefined, started: ['restart-bbb-web'] });
  });
});

describe('a run that waits is taken back', () => {
  test('by an operator, and says by whom', async () => {
    const one = plan(rules());
    await send(one);
    expect(await withdraw()).toEqual([one.run]);
    expect(state(one.run)).toBe('abandoned');
    expect(timers()).toEqual([]);
    expect(await remembered(one.run)).toMatchObject({
      problem: { code: 'withdrawn', message: expect.stringContaining('by ada from laptop') },
    });
    expect(await withdraw()).toEqual([]);
    expect(text(site)).toContain('listen 80');
  });

  test('by an operator on the host, and when it is unlocked or all is removed', async () => {
    const one = plan(rules());
    await send(one);
    await sample.host.run('sh', sample.path('var/lib/clusterproxy/settle'), one.run, 'revert');
    expect(state(one.run)).toBe('abandoned');
    const two = plan(rules());
    await send(two);
    const unlocked = await over((connection) =>
      unlock(connection, { run: two.run, machineId, cluster: 'prod' }),
    );
    expect(unlocked).toMatchObject({ broken: false, state: 'abandoned' });
    const three = plan(rules());
    await send(three);
    await over((connection) => forget(connection, { machineId, cluster: 'prod', managed: 'leave' }));
    expect(existsSync(sample.path('var/lib/clusterproxy'))).toBe(false);
    expect(timers()).toEqual([]);
  });

  test('by one that is queued later, and by a run that changes the host', async () => {
    const one = plan(rules());
    await send(one);
    const two = plan(rules());
    const replaced = (run: string) =>
      `the run ${run}, which waited here until nobody would be there, was replaced by this one`;
    expect(await send(two)).toMatchObject({ state: 'queued', warnings: [replaced(one.run)] });
    expect([state(one.run), state(two.run)]).toEqual(['abandoned', 'queued']);
    expect(await remembered(one.run)).toMatchObject({ problem: { code: 'replaced' } });
    const three = await send(plan(undefined));
    expect(three).toMatchObject({ state: 'committed' });
    expect(three.warnings).toEqual([replaced(two.run)]);
    expect(state(two.run)).toBe('abandoned');
    expect(timers()).toEqual([]);
  });

  test('not by a run with the same plan that is put off, but by one with another plan', async () => {
    people(true);
    const one = plan(rules());
    await send(one);
    expect(await send(plan(undefined))).toMatchObject({ state: 'deferred' });
    expect(state(one.run)).toBe('queued');
    expect(await send(plan(undefined, 'server {\n  listen 82;\n}\n'))).toMatchObject({ state: 'deferred' });
    expect(state(one.run)).toBe('abandoned');
  });
});

test('a run that waits is not begun on another machine', async () => {
  const one = { ...plan(rules()), machineId: 'ffff456789abcdef0123456789abcdef' };
  expect(await send(one)).toMatchObject({ state: 'refused', problem: { code: 'another-machine' } });
  expect(timers()).toEqual([]);
});

test('a host that can not start the timer refuses it', async () => {
  writeFileSync(sample.path('etc/systemd'), '');
  const one = plan(rules());
  const result = await send(one);
  expect(result).toMatchObject({ state: 'refused', problem: { code: 'not-started' } });
  expect(existsSync(folder(one.run))).toBe(false);
});
