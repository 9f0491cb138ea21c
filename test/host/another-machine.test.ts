import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { confirm } from '../../src/host/confirm.ts';
import { forget } from '../../src/host/forget.ts';
import type { TransactionEvent } from '../../src/host/run-log.ts';
import { transact } from '../../src/host/transact.ts';
import { unlock } from '../../src/host/unlock.ts';
import type { Connection } from '../../src/ssh/contract.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import { change, file, machineId, restartWeb, type Sample, sampleHost, transaction } from './sample.ts';

const site = '/etc/nginx/conf.d/site.conf';

describe('an address that moves to another machine', () => {
  let planned: Sample;
  let other: Sample;
  /** where the address leads */
  let place: Sample;
  beforeEach(async () => {
    [planned, other] = await Promise.all([sampleHost(), sampleHost()]);
    writeFileSync(other.path('etc/machine-id'), 'fedcba9876543210fedcba9876543210\n');
    place = planned;
  });
  afterEach(async () => {
    await Promise.all([planned.close(), other.close()]);
  });

  const text = (sample: Sample) => readFileSync(sample.path(site.slice(1)), 'utf8');
  const reach = () => connect(place.host.target);
  const plan = () => {
    const before = text(planned);
    return transaction([change(site, file(before), file(`${before}# new\n`))], [restartWeb]);
  };
  async function over<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
    const connection = await reach();
    try {
      return await work(connection);
    } finally {
      await connection.close();
    }
  }

  test('between plan and apply: nothing is done there', async () => {
    const work = plan();
    place = other;
    expect(await transact(reach, work)).toMatchObject({
      state: 'refused',
      problem: { code: 'another-machine' },
    });
    expect(text(other)).not.toContain('# new');
  });

  test('during a run: what the other machine says of it is not taken for its end', async () => {
    const events: TransactionEvent[] = [];
    const result = await transact(reach, plan(), {
      onEvent: (event) => {
        if (event.kind === 'handler' && event.phase === 'started' && events.length < 100) {
          place = other;
          planned.host.cut();
        }
        if (event.kind === 'reconnecting' && event.problem.code === 'another-machine') place = planned;
        events.push(event);
      },
    });
    expect(events).toContainEqual(
      expect.objectContaining({ problem: expect.objectContaining({ code: 'another-machine' }) }),
    );
    expect(result.state).toBe('committed');
    expect(text(planned)).toContain('# new');
    expect(text(other)).not.toContain('# new');
    expect(existsSync(other.path('var/lib/clusterproxy'))).toBe(false);
  });

  test('before a confirmation, an unlocking or a farewell: refused, and nothing is gone', async () => {
    const work = plan();
    expect((await transact(reach, work)).state).toBe('committed');
    // The other one has been somebody's as well; nothing on it is managed any more.
    mkdirSync(other.path('var/lib/clusterproxy'), { recursive: true });
    writeFileSync(other.path('var/lib/clusterproxy/lock'), '');
    place = other;
    const { run } = work;
    const refused = { code: 'another-machine' };
    for (const word of ['commit', 'revert'] as const) {
      await expect(over((to) => confirm(to, { run, machineId, word }))).rejects.toMatchObject(refused);
    }
    await expect(over((to) => unlock(to, { run, machineId }))).rejects.toMatchObject(refused);
    await expect(
      over((to) => forget(to, { machineId, cluster: 'prod', managed: 'refuse' })),
    ).rejects.toMatchObject(refused);
    expect(existsSync(other.path('var/lib/clusterproxy/lock'))).toBe(true);
    await over((to) =>
      forget(to, { machineId: 'fedcba9876543210fedcba9876543210', cluster: 'prod', managed: 'refuse' }),
    );
    expect(existsSync(other.path('var/lib/clusterproxy'))).toBe(false);
  });
});
