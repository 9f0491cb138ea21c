import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { probe } from '../../src/host/probe.ts';
import type { TransactionEvent } from '../../src/host/run-log.ts';
import { transact } from '../../src/host/transact.ts';
import { unlock } from '../../src/host/unlock.ts';
import { noReads } from '../../src/model/reads.ts';
import type { Transaction, TransactionResult } from '../../src/model/transaction.ts';
import type { Connection } from '../../src/ssh/contract.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import {
  change,
  file,
  machineId,
  restartWeb,
  type Sample,
  sampleHost,
  transaction,
  until,
} from './sample.ts';

const site = '/etc/nginx/conf.d/site.conf';
let sample: Sample;
let events: TransactionEvent[];
beforeEach(async () => {
  sample = await sampleHost();
  events = [];
});
afterEach(async () => {
  await sample.close();
});

const text = (path: string) => readFileSync(sample.path(path.slice(1)), 'utf8');
const reach = () => connect(sample.host.target);
async function over<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
  const connection = await reach();
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}
function carry(plan: Transaction): Promise<TransactionResult> {
  return transact(reach, plan, { onEvent: (event) => events.push(event) });
}

/** A run that is in the middle of its handler until `release`; by then `site` is changed. */
async function busyRun() {
  const gate = sample.path('run/gate');
  const before = text(site);
  const slow = {
    ...restartWeb,
    timeout: 60,
    actions: [
      {
        kind: 'command' as const,
        argv: [
          'sh',
          '-c',
          `grep -q busy "$CLUSTERPROXY_ROOT${site}" || exit 0; until [ -e ${gate} ]; do sleep 0.1; done`,
        ],
      },
    ],
    checks: [],
  };
  const plan = transaction([change(site, file(before), file('# busy\n'))], [slow]);
  const first = transact(reach, plan);
  const started = sample.path(`var/lib/clusterproxy/runs/${plan.run}/started`);
  await until(() => existsSync(started) && readFileSync(started, 'utf8') !== '');
  return { plan, first, before, release: () => writeFileSync(gate, '') };
}

test('a run that may wait for the lock waits for it, says whose it is, and then works from what is there', async () => {
  const { plan, first, before, release } = await busyRun();
  const second = carry(transaction([change(site, file('# busy\n'), file(before))], [], { lockWait: 60 }));
  await until(() => events.some((event) => event.kind === 'waiting-for-lock'));
  const told = events.find((event) => event.kind === 'waiting-for-lock');
  expect(told?.kind === 'waiting-for-lock' && told.holder).toContain(
    `ada from laptop, apply, run ${plan.run}`,
  );
  release();
  expect((await first).state).toBe('committed');
  expect((await second).state).toBe('committed');
  expect(text(site)).toBe(before);
});

test('a run that has waited long enough is refused, and the other goes on', async () => {
  const { plan, first, release } = await busyRun();
  const refused = await carry(transaction([], [], { lockWait: 1 }));
  expect(refused).toMatchObject({ state: 'refused', problem: { code: 'locked' } });
  expect(refused.problem?.message).toContain(plan.run);
  release();
  expect((await first).state).toBe('committed');
});

test('a probe tells a run at work from one that was left', async () => {
  const { plan, first, release } = await busyRun();
  const { unsettled } = await over((connection) => probe(connection, 'bbb-01', noReads));
  expect(unsettled).toMatchObject([{ run: plan.run, state: 'open', alive: true }]);
  release();
  await first;
});

test('unlock ends the run that it names, which is put back, and no other', async () => {
  const { plan, first, before } = await busyRun();
  await expect(
    over((connection) => unlock(connection, { run: '20260101T000000Z-000000', machineId })),
  ).rejects.toMatchObject({
    problem: { code: 'locked-by-another', message: expect.stringContaining(plan.run) },
  });
  expect(text(site)).toBe('# busy\n');
  expect(await over((connection) => unlock(connection, { run: plan.run, machineId }))).toEqual({
    broken: true,
    state: 'reverted',
    warnings: [],
  });
  expect(await first).toMatchObject({ state: 'reverted', problem: { code: 'interrupted' } });
  expect(text(site)).toBe(before);
  expect(await over((connection) => unlock(connection, { run: plan.run, machineId }))).toEqual({
    broken: false,
    state: 'reverted',
    warnings: [],
  });
  expect(
    await over((connection) => unlock(connection, { run: '20260101T000000Z-000000', machineId })),
  ).toEqual({
    broken: false,
    state: 'none',
    warnings: [],
  });
});

test('an operator on the host stops a run and has it put back', async () => {
  const { plan, first, before } = await busyRun();
  const said = await sample.host.run('sh', sample.path('var/lib/clusterproxy/settle'), plan.run, 'revert');
  expect(said).toContain('is in progress; stopping and reverting it');
  expect((await first).state).toBe('reverted');
  expect(text(site)).toBe(before);
});
