import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { confirm } from '../../src/host/confirm.ts';
import { probe } from '../../src/host/probe.ts';
import type { TransactionEvent } from '../../src/host/run-log.ts';
import { readRuns } from '../../src/host/runs.ts';
import { transact } from '../../src/host/transact.ts';
import { noReads } from '../../src/model/reads.ts';
import type { Transaction } from '../../src/model/transaction.ts';
import type { Connection } from '../../src/ssh/contract.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import {
  change,
  file,
  gateOf,
  machineId,
  reloadNginx,
  restartWeb,
  type Sample,
  sampleHost,
  transaction,
} from './sample.ts';

const properties = '/etc/bigbluebutton/bbb-web.properties';
const waiting = (event: TransactionEvent) => event.kind === 'waiting';

describe('a run that waits to be confirmed from outside', () => {
  let sample: Sample;
  let before: string;
  beforeEach(async () => {
    sample = await sampleHost();
    before = text(properties);
  });
  afterEach(async () => {
    await sample.close();
  });

  const text = (path: string) => readFileSync(sample.path(path.slice(1)), 'utf8');
  const reach = () => connect(sample.host.target);
  const plan = (more: Partial<Transaction> = {}) =>
    transaction([change(properties, file(before), file(`${before}x=1\n`))], [restartWeb], {
      confirm: 'outside',
      confirmTimeout: 600,
      ...more,
    });
  async function over<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
    const connection = await reach();
    try {
      return await work(connection);
    } finally {
      await connection.close();
    }
  }

  test('is committed by the word of the controller, over a connection of its own', async () => {
    const events: TransactionEvent[] = [];
    const result = await transact(reach, plan(), {
      onEvent: (event) => events.push(event),
      confirm: async () => {
        expect(text(properties)).toBe(`${before}x=1\n`);
        return true;
      },
    });
    expect(result).toMatchObject({ state: 'committed', problem: undefined });
    expect(events).toContainEqual({ kind: 'waiting', seconds: 600 });
    expect(sample.host.connections).toBe(2);
    expect(text('/var/lib/clusterproxy/clusters/prod/ledger.json')).toContain('"items"');
  });

  test.each([
    ['says no', async () => false],
    [
      'fails',
      async () => {
        throw new Error('no route to host');
      },
    ],
  ])('is put back at once when the check from outside %s', async (_, check) => {
    const result = await transact(reach, plan(), { confirm: check });
    expect(result).toMatchObject({ state: 'reverted', problem: { code: 'declined' } });
    expect(text(properties)).toBe(before);
  });

  test('is put back when nobody says a word in time', async () => {
    const result = await transact(reach, plan({ confirmTimeout: 1 }));
    expect(result).toMatchObject({ state: 'reverted', problem: { code: 'not-confirmed' } });
    expect(text(properties)).toBe(before);
  });

  test('is kept when somebody is there by then, and every probe tells it until a run is committed', async () => {
    const meetings = sample.path('run/stand-in/meetings');
    const begin = { kind: 'command' as const, argv: ['sh', '-c', `echo 3 Maths > ${meetings}`] };
    const handler = { ...restartWeb, actions: [...restartWeb.actions, begin] };
    const work = { ...plan({ confirmTimeout: 1 }), handlers: [handler] };
    const result = await transact(reach, work);
    expect(result).toMatchObject({
      state: 'kept',
      problem: { code: 'kept', message: expect.stringContaining('running meetings: 1, with 3 people') },
    });
    expect(text(properties)).toBe(`${before}x=1\n`);
    expect(text('/var/lib/clusterproxy/clusters/prod/ledger.json')).toContain(properties);
    const look = () => over((connection) => probe(connection, 'bbb-01', noReads));
    expect((await look()).unsettled).toMatchObject([{ run: work.run, state: 'kept', alive: false }]);
    expect((await transact(reach, transaction([], []))).state).toBe('committed');
    expect((await look()).unsettled).toEqual([]);
  });

  test('is put back when a unit dies while it waits', async () => {
    const result = await transact(reach, plan(), {
      onEvent: (event) => {
        if (waiting(event)) void sample.host.run('systemctl', 'stop', 'bbb-web');
      },
    });
    expect(result).toMatchObject({ state: 'reverted', problem: { code: 'check-failed' } });
    expect(result.problem?.message).toContain('bbb-web is inactive');
    expect(text(properties)).toBe(before);
  });

  test('whoever decides first has decided, and all others are told', async () => {
    const decided = new Set<string>();
    for (let round = 0; round < 8; round++) {
      const now = text(properties);
      const work = transaction(
        [change(properties, file(now), file(`${before}x=${round + 1}\n`))],
        [reloadNginx],
        {
          confirm: 'outside',
          confirmTimeout: 600,
        },
      );
      let asked: Promise<string[]> | undefined;
      const result = await transact(reach, work, {
        confirm: async () => {
          const ask = (word: 'commit' | 'revert') =>
            over((connection) => confirm(connection, { run: work.run, machineId, word })).catch(String);
          asked = Promise.all([ask('commit'), ask('revert'), ask('commit'), ask('revert')]);
          await asked;
          return round % 2 === 0;
        },
      });
      // The run hears of the decision as well, and may have ended before all of them have.
      const answers = (await asked) ?? [];
      expect(new Set(answers).size).toBe(1);
      expect(result.state).toBe(answers[0]);
      expect(text(properties)).toBe(result.state === 'committed' ? `${before}x=${round + 1}\n` : now);
      expect(
        await over((connection) => confirm(connection, { run: work.run, machineId, word: 'commit' })),
      ).toBe(result.state);
      decided.add(result.state);
    }
    expect(decided.size).toBeGreaterThan(0);
  });

  test('an expiry and a confirmation that meet: one wins, and both say the same', async () => {
    for (let round = 0; round < 6; round++) {
      const now = text(properties);
      const work = transaction(
        [change(properties, file(now), file(`${before}y=${round}\n`))],
        [reloadNginx],
        {
          confirm: 'outside',
          confirmTimeout: 1,
        },
      );
      let told: string | undefined;
      const result = await transact(reach, work, {
        confirm: async () => {
          await sleep(900 + 40 * round);
          told = await over((connection) =>
            confirm(connection, { run: work.run, machineId, word: 'commit' }),
          ).catch(() => undefined);
          return true;
        },
      });
      if (told !== undefined) expect(told).toBe(result.state);
      expect(text(properties)).toBe(result.state === 'committed' ? `${before}y=${round}\n` : now);
    }
  });

  test('an operator on the host decides as well', async () => {
    const work = plan();
    const result = await transact(reach, work, {
      onEvent: (event) => {
        if (waiting(event)) {
          void sample.host.run('sh', sample.path('var/lib/clusterproxy/settle'), work.run, 'revert');
        }
      },
    });
    expect(result.state).toBe('reverted');
    expect(text(properties)).toBe(before);
  });

  test('a word about a run that does not wait changes nothing', async () => {
    const notWaiting = { problem: { code: 'not-waiting' } };
    await expect(
      over((connection) =>
        confirm(connection, { run: '20260101T000000Z-000000', machineId, word: 'commit' }),
      ),
    ).rejects.toMatchObject(notWaiting);
    const gate = gateOf(sample);
    const slow = { ...restartWeb, actions: [gate.action], checks: [] };
    const work = transaction([change(properties, file(before), file(`${before}x=1\n`))], [slow]);
    let asked: Promise<unknown> | undefined;
    const result = await transact(reach, work, {
      onEvent: (event) => {
        if (event.kind === 'handler' && event.phase === 'started') {
          asked = over((connection) => confirm(connection, { run: work.run, machineId, word: 'revert' }))
            .catch((error: unknown) => error)
            .finally(gate.open);
        }
      },
    });
    expect(await asked).toMatchObject(notWaiting);
    expect(result.state).toBe('committed');
    const [run] = await over(readRuns);
    expect(run).toMatchObject({ outcome: 'commit', state: 'committed' });
    expect(run?.stateSince).toBeGreaterThanOrEqual(run?.begunAt ?? Number.POSITIVE_INFINITY);
  });
});
