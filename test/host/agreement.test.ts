import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { abortOnHost, breakLease, knownOfRun } from '../../src/host/agreement.ts';
import { forget } from '../../src/host/forget.ts';
import { type LeaseExtras, type LeaseWish, lease } from '../../src/host/lease.ts';
import { probe } from '../../src/host/probe.ts';
import type { TransactionEvent } from '../../src/host/run-log.ts';
import { transact } from '../../src/host/transact.ts';
import { noReads } from '../../src/model/reads.ts';
import type { Connection } from '../../src/ssh/contract.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import { change, file, machineId, type Sample, sampleHost, transaction } from './sample.ts';

const site = '/etc/nginx/conf.d/site.conf';
let sample: Sample;
beforeEach(async () => {
  sample = await sampleHost();
});
afterEach(() => sample.close());

const reach = () => connect(sample.host.target);
async function over<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
  const connection = await reach();
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}
const text = (path: string) => readFileSync(sample.path(path.slice(1)), 'utf8');
const folder = () => sample.path('var/lib/clusterproxy');
const who = { by: 'ada', from: 'laptop', command: 'apply', process: '', seconds: 600 };
const ask = (what: LeaseWish, run: string, extras: LeaseExtras & { readonly token?: string } = {}) => {
  const { token = 'mine', ...rest } = extras;
  return over((connection) =>
    lease(connection, what, { ...who, machineId, cluster: 'prod', run, token }, rest),
  );
};
const take = (run: string, token?: string) =>
  ask('take', run, { file: bytes, ...(token === undefined ? {} : { token }) });
const known = (run: string) =>
  over((connection) => knownOfRun(connection, { cluster: 'prod', run, brief: false }));
const abort = (run: string) =>
  over((connection) =>
    abortOnHost(connection, { cluster: 'prod', run, machineId, by: 'brian', from: 'desk' }),
  );
/** Any bytes, also those that no shell can hold. */
const bytes = Buffer.from([0, 10, 31, 255, 13, 10, 0]);
const outcome = Buffer.from([1, 0, 10]);

test('the first call of an id is the one that has it, from its lease to its outcome', async () => {
  expect(await take('deploy')).toEqual({ kind: 'taken' });
  expect(await take('deploy', 'theirs')).toEqual({ kind: 'known' });
  expect(await take('deploy')).toEqual({ kind: 'taken' });
  expect(await ask('renew', 'deploy', { token: 'theirs' })).toEqual({ kind: 'lost' });
  expect(await ask('renew', 'deploy')).toEqual({ kind: 'taken' });
  const before = await known('deploy');
  expect(before).toMatchObject({ lease: { run: 'deploy', by: 'ada' }, agreement: bytes, stages: [] });
  expect(before.outcome).toBe(undefined);
  expect(await ask('release', 'deploy', { file: outcome })).toEqual({ kind: 'released' });
  const after = await known('deploy');
  expect(after).toMatchObject({ agreement: bytes, outcome });
  expect(after.lease).toBe(undefined);
  // Nobody begins it again.
  expect(await take('deploy', 'theirs')).toEqual({ kind: 'known' });
  expect((await known('deplyo')).others).toEqual(['deploy']);
});

test('a run that could not begin leaves nothing', async () => {
  await take('deploy');
  await ask('withdraw', 'deploy');
  expect(existsSync(folder())).toBe(false);
});

test('nothing more of a run that was aborted is begun, and its controller hears of it', async () => {
  await take('deploy');
  expect(await abort('deploy')).toBe('aborted');
  const aborted = { by: 'brian', from: 'desk', since: expect.any(Number) };
  expect(await known('deploy')).toMatchObject({ aborted, heard: false });
  const before = text(site);
  const events: TransactionEvent[] = [];
  const plan = { ...transaction([change(site, file(before), file('# new\n'))], []), run: 'deploy' };
  const reserved = { ...{ run: 'deploy', mode: 'reserved' as const, seconds: 600, process: '' } };
  const refused = await transact(
    reach,
    { ...plan, record: { ...plan.record, run: 'deploy' }, lease: reserved },
    { onEvent: (event) => events.push(event) },
  );
  expect(refused).toMatchObject({
    state: 'refused',
    problem: { code: 'aborted', message: 'the run was aborted by brian from desk' },
  });
  expect(events).toContainEqual({ kind: 'aborted', ...aborted });
  expect(text(site)).toBe(before);
  expect(await ask('renew', 'deploy')).toEqual({ kind: 'aborted', aborted });
  expect(await known('deploy')).toMatchObject({ heard: true });
  expect(await take('other')).toMatchObject({ kind: 'leased' });
  await ask('release', 'deploy', { file: outcome });
  expect(await abort('deploy')).toBe('ended');
  // Of another run nothing is held up, and of one that has not come here yet everything.
  expect(await transact(reach, plan.run === 'deploy' ? transaction(plan.changes, []) : plan)).toMatchObject({
    state: 'committed',
  });
  expect(await abort('late')).toBe('aborted');
  expect(await take('late')).toMatchObject({ kind: 'aborted' });
});

test('the lease of a run whose controller is gone is ended, where it is not at work, and no other', async () => {
  await take('deploy');
  const end = (run: string) =>
    over((connection) => breakLease(connection, { cluster: 'prod', run, machineId }));
  expect(await end('other')).toBe(true);
  expect((await known('deploy')).lease).toBeDefined();
  expect(await end('deploy')).toBe(true);
  expect((await known('deploy')).lease).toBe(undefined);
});

test('as many agreements are kept as runs, and none after all is forgotten', async () => {
  for (const run of ['one', 'two', 'three']) {
    await ask('take', run, { file: bytes, keep: 2 });
    await ask('release', run);
  }
  expect(readdirSync(`${folder()}/clusters/prod/agreements`).sort()).toEqual(['three', 'two']);
  const look = () =>
    over((connection) => probe(connection, 'bbb-01', noReads, { cluster: 'prod', names: false }));
  expect((await look()).remembers).toBe(true);
  await over((connection) => forget(connection, { machineId, cluster: 'prod', managed: 'refuse' }));
  expect(existsSync(folder())).toBe(false);
});

test('a run that reserves nothing brings it with its other files', async () => {
  const plan = transaction([change(site, file(text(site)), file('# new\n'))], []);
  await transact(reach, { ...plan, agreement: bytes });
  const seen = await known(plan.run);
  expect(seen).toMatchObject({
    agreement: bytes,
    stages: [{ run: plan.run, state: 'committed', alive: false }],
  });
  expect(seen.stages[0]?.log.some((line) => line.startsWith('state\u001fcommitted'))).toBe(true);
  // Another call must not take it for its own.
  expect(await take(plan.run)).toEqual({ kind: 'known' });
  const other = await over((connection) =>
    knownOfRun(connection, { cluster: 'school', run: plan.run, brief: false }),
  );
  expect(other).toMatchObject({ stages: [], elsewhere: ['prod'] });
});

/** Has the lock of claims until the returned function is called. */
async function lockOfClaims(): Promise<() => void> {
  const holder = spawn('flock', [folder(), 'sh', '-c', 'echo locked; read -r _'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  return () => holder.stdin.end('\n');
}

test('a lease that is renewed while the host is given back does not bring its folder back', async () => {
  await take('retire');
  const unlock = await lockOfClaims();
  const renewed = ask('renew', 'retire');
  // Long enough to have seen the folder, and to wait for the lock.
  await sleep(1_000);
  rmSync(folder(), { recursive: true });
  unlock();
  expect(await renewed).toEqual({ kind: 'lost' });
  expect(existsSync(folder())).toBe(false);
});

test('a host is not forgotten while somebody renews its lease', async () => {
  await take('retire');
  const unlock = await lockOfClaims();
  const forgetting = over((connection) =>
    forget(connection, { machineId, cluster: 'prod', managed: 'leave', run: 'retire' }),
  );
  await sleep(1_000);
  expect(existsSync(folder())).toBe(true);
  unlock();
  await forgetting;
  expect(existsSync(folder())).toBe(false);
});
