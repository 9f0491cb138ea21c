import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { forget } from '../../src/host/forget.ts';
import { releaseHold, setHold } from '../../src/host/hold.ts';
import { probe } from '../../src/host/probe.ts';
import { readMemory } from '../../src/host/runs.ts';
import { transact } from '../../src/host/transact.ts';
import { noReads } from '../../src/model/reads.ts';
import type { Connection } from '../../src/ssh/contract.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import {
  change,
  cutShort,
  file,
  gateOf,
  machineId,
  restartWeb,
  type Sample,
  sampleHost,
  transaction,
} from './sample.ts';

/** One host for all tests of this file, which follow one another. */
let sample: Sample;
beforeAll(async () => {
  sample = await sampleHost();
});
afterAll(() => sample.close());

const site = '/etc/nginx/conf.d/site.conf';
const folder = () => sample.path('var/lib/clusterproxy');
const stored = () => `${folder()}/clusters/prod/hold`;
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
const changing = (words: string) => transaction([change(site, file(text(site)), file(words))], []);
const exams = {
  cluster: 'prod',
  by: 'ada',
  from: 'laptop',
  reason: 'exams: room 4, "all day"',
  seconds: 3600,
};
const move = { ...exams, by: 'brian', reason: 'the storage is moved', seconds: undefined };
const look = (cluster = 'prod') => over((connection) => probe(connection, 'bbb-01', noReads, { cluster }));
const hold = (wanted: Parameters<typeof setHold>[1]) => over((connection) => setHold(connection, wanted));
const release = () => over((connection) => releaseHold(connection, 'prod'));

test('a host that was never changed keeps a hold, and nothing once it is released', async () => {
  expect(await hold(exams)).toBeUndefined();
  expect(readdirSync(`${folder()}/clusters/prod`)).toEqual(['hold']);
  const { hold: told, remembers } = await look();
  expect(told).toMatchObject({ by: 'ada', from: 'laptop', reason: 'exams: room 4, "all day"' });
  expect((told?.until ?? 0) - (told?.since ?? 0)).toBe(3600);
  // There is nothing that uninstall would have to remove.
  expect(remembers).toBe(false);
  expect((await look('other')).hold).toBeUndefined();
  expect(await release()).toMatchObject({ by: 'ada' });
  expect(existsSync(folder())).toBe(false);
  expect(await release()).toBeUndefined();
  expect((await look()).hold).toBeUndefined();
});

test('a later hold replaces it, and tells whose it was', async () => {
  await hold(exams);
  expect(await hold(move)).toMatchObject({ by: 'ada', reason: exams.reason });
  expect((await look()).hold).toMatchObject({ by: 'brian', until: undefined });
  const memory = await over((connection) => readMemory(connection, 'bbb-01', 'prod'));
  expect(memory.hold).toMatchObject({ by: 'brian' });
});

test('a run that arrives while the cluster is held is refused, and so is the removal of what is stored', async () => {
  const before = text(site);
  const refused = await transact(reach, changing('# new\n'));
  expect(refused).toMatchObject({ state: 'refused', problem: { code: 'held' } });
  expect(refused.problem?.message).toMatch(
    /^the cluster prod is held by brian from laptop, since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(UTC\): the storage is moved$/,
  );
  expect(text(site)).toBe(before);
  const remove = (cluster: string) =>
    over((connection) => forget(connection, { machineId, cluster, managed: 'leave' }));
  await expect(remove('prod')).rejects.toMatchObject({
    problem: { code: 'not-forgotten', message: expect.stringContaining('the cluster is held') },
  });
  const other = { ...changing('# of another cluster\n'), cluster: 'other' };
  expect(await transact(reach, other)).toMatchObject({ state: 'committed' });
  writeFileSync(sample.path(site.slice(1)), before);
  await remove('other');
});

test('a hold keeps no run from being settled', async () => {
  await release();
  const before = text(site);
  const gate = gateOf(sample);
  const slow = { ...restartWeb, actions: [gate.action], checks: [] };
  const plan = transaction([change(site, file(before), file('# half\n'))], [slow]);
  await cutShort(sample, plan.run, transact(reach, plan));
  expect(text(site)).toBe('# half\n');
  await hold(move);
  gate.open();
  await sample.host.run('sh', `${folder()}/settle`, plan.run);
  expect(text(site)).toBe(before);
});

test('a hold that has expired does not count, and the next run takes it away', async () => {
  writeFileSync(stored(), '1700000000\u001f1600000000\u001fada\u001flaptop\u001fexams\n');
  expect((await look()).hold).toBeUndefined();
  expect(await transact(reach, changing('# new\n'))).toMatchObject({ state: 'committed' });
  expect(existsSync(stored())).toBe(false);
});
