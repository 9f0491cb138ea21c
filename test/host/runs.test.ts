import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { probe } from '../../src/host/probe.ts';
import { readRunFiles, readRuns } from '../../src/host/runs.ts';
import { transact } from '../../src/host/transact.ts';
import { noReads } from '../../src/model/reads.ts';
import type { Connection } from '../../src/ssh/contract.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import {
  absent,
  change,
  directory,
  file,
  reloadNginx,
  type Sample,
  sampleHost,
  transaction,
} from './sample.ts';

let sample: Sample;
let connection: Connection;
beforeEach(async () => {
  sample = await sampleHost({ greeting: 'Welcome!' });
  connection = await connect(sample.host.target);
});
afterEach(async () => {
  await connection.close();
  await sample.close();
});

const site = '/etc/nginx/conf.d/site.conf';

test('a host that was never touched has no runs', async () => {
  expect(await readRuns(connection)).toEqual([]);
  expect(await readRunFiles(connection, '20261121T074501Z-4f2a9c')).toBeUndefined();
});

test('runs are told with how they ended, and with what was there before', async () => {
  const before = file(readFileSync(sample.path(site.slice(1))));
  const binary = file(Buffer.from([0, 255, 10]), 0o600);
  writeFileSync(sample.path('etc/binary'), binary.content);
  chmodSync(sample.path('etc/binary'), 0o600);
  symlinkSync('binary', sample.path('etc/link'));
  mkdirSync(sample.path('etc/folder'), { mode: 0o711 });
  const good = transaction(
    [
      change(site, before, file('server {\n}\n')),
      change('/etc/binary', binary, absent),
      change('/etc/link', { kind: 'symlink', target: 'binary' }, { kind: 'symlink', target: 'hosts' }),
      change('/etc/folder', directory(0o711), directory(0o755)),
      change('/etc/made', absent, file('made')),
    ],
    [reloadNginx],
  );
  const bad = transaction([change(site, file('server {\n}\n'), file('server {\n'))], [reloadNginx]);
  for (const plan of [good, bad]) await transact(() => connect(sample.host.target), plan);

  const commands = sample.host.commands.length;
  const runs = await readRuns(connection);
  expect(sample.host.commands).toHaveLength(commands + 1);
  expect(runs.map(({ run, state, outcome }) => [run, state, outcome])).toEqual([
    [good.run, 'committed', 'commit'],
    [bad.run, 'reverted', 'revert'],
  ]);
  expect(runs[0]?.record).toEqual(good.record);
  expect(runs[0]?.problem).toBeUndefined();
  expect(runs[1]?.problem).toMatchObject({
    code: 'validation-failed',
    detail: expect.stringContaining('[emerg]'),
  });

  const files = await readRunFiles(connection, good.run);
  expect(files?.state).toBe('committed');
  expect(files?.record).toEqual(good.record);
  expect([...(files?.before ?? [])]).toEqual([
    [site, before],
    ['/etc/binary', binary],
    ['/etc/link', { kind: 'symlink', target: 'binary' }],
    ['/etc/folder', directory(0o711)],
    ['/etc/made', absent],
  ]);
  expect([...(files?.after.keys() ?? [])]).toEqual([site, '/etc/made']);
});

test('an answer that breaks off is an error, not a shorter list', async () => {
  await transact(() => connect(sample.host.target), transaction([], []));
  const cut = {
    close: () => connection.close(),
    exec: async (...call: Parameters<Connection['exec']>) => {
      const result = await connection.exec(...call);
      return { ...result, code: null, stdout: result.stdout.subarray(0, result.stdout.length - 20) };
    },
  };
  await expect(readRuns(cut)).rejects.toMatchObject({ code: 'connection-lost' });
});

test('a host that lists more runs than anybody has is refused', async () => {
  const lying: Connection = {
    ...connection,
    exec: async (command, input, options) => {
      const result = await connection.exec(command, input, options);
      const begin = /^(.*) begin\n/.exec(result.stdout.toString());
      if (begin === null) throw new Error('not the answer of runs.sh');
      const runs = Array.from(
        { length: 10_001 },
        (_, index) => `${begin[1]} run r${index} committed  ${index}\n`,
      );
      const [end] = begin;
      const stdout = Buffer.from(end + runs.join('') + result.stdout.toString().slice(end.length));
      return { ...result, stdout };
    },
  };
  await expect(readRuns(lying)).rejects.toMatchObject({ code: 'runs-unreadable' });
});

test('what is left of runs whose removal was interrupted is no run, and is tidied up by the next one', async () => {
  const runs = (name: string) => sample.path(`var/lib/clusterproxy/runs/${name}`);
  const carry = (plan = transaction([], [])) => transact(() => connect(sample.host.target), plan);
  const first = transaction([change('/etc/made', absent, file('made'))], []);
  await carry(first);
  // rm(1) takes names in no particular order.
  mkdirSync(runs('20260101T000000Z-000001'));
  cpSync(runs(first.run), runs('20260101T000000Z-000002'), { recursive: true });
  for (const name of ['state', 'manifest', 'lib.sh']) rmSync(`${runs('20260101T000000Z-000002')}/${name}`);
  cpSync(runs(first.run), runs('20260101T000000Z-000003'), { recursive: true });
  for (const name of ['state', 'settle.sh']) rmSync(`${runs('20260101T000000Z-000003')}/${name}`);
  mkdirSync(runs('.gone-20260101T000000Z-000004'));

  expect((await probe(connection, 'bbb-01', noReads)).unsettled).toEqual([]);
  expect((await readRuns(connection)).map(({ run }) => run)).toEqual([first.run]);
  const next = transaction([change('/etc/made', file('made'), file('anew'))], []);
  expect(await carry(next)).toMatchObject({ state: 'committed', problem: undefined });
  expect(readdirSync(runs('')).sort()).toEqual([first.run, next.run].sort());
});

test('a run with a garbled state is put back as far as it got, and then is over', async () => {
  const folder = (run: string) => sample.path(`var/lib/clusterproxy/runs/${run}`);
  const first = transaction([change('/etc/made', absent, file('made'))], []);
  await transact(() => connect(sample.host.target), first);
  const run = '20260101T000000Z-000001';
  for (const garbage of ['', 'committ', '\0\0\0\0']) {
    cpSync(folder(first.run), folder(run), { recursive: true });
    rmSync(`${folder(run)}/outcome`);
    writeFileSync(`${folder(run)}/state`, garbage);
    const { unsettled } = await probe(connection, 'bbb-01', noReads);
    expect(unsettled, JSON.stringify(garbage)).toMatchObject([{ run, state: 'open' }]);
    const next = transaction([], []);
    const ended = await transact(() => connect(sample.host.target), next);
    expect(ended).toMatchObject({ state: 'committed', problem: undefined });
    expect((await probe(connection, 'bbb-01', noReads)).unsettled).toEqual([]);
    expect(readFileSync(sample.path('etc/made'), 'utf8')).toBe('made');
    rmSync(folder(run), { recursive: true });
  }
});

test('of the runs that are kept, the oldest go, whole', async () => {
  const plans = [1, 2, 3, 4].map(() => transaction([], []));
  for (const plan of plans) await transact(() => connect(sample.host.target), { ...plan, keep: 2 });
  const left = readdirSync(sample.path('var/lib/clusterproxy/runs'));
  expect(left.sort()).toEqual(
    plans
      .slice(2)
      .map(({ run }) => run)
      .sort(),
  );
});

test('those that were put off leave what can be undone', async () => {
  const changing = [1, 2].map(() => transaction([], []));
  const beginBefore = { at: 1, code: 'outside-window', message: 'too late', next: 'wait' } as const;
  const late = [1, 2, 3].map(() => transaction([], [], { beginBefore }));
  const states: string[] = [];
  for (const plan of [...changing, ...late])
    states.push((await transact(() => connect(sample.host.target), { ...plan, keep: 2 })).state);
  expect(states).toEqual(['committed', 'committed', 'deferred', 'deferred', 'deferred']);
  const left = [...changing, ...late.slice(1)].map(({ run }) => run);
  expect(readdirSync(sample.path('var/lib/clusterproxy/runs')).sort()).toEqual(left.sort());
});

test('the order of runs is the host’s own, not that of controllers whose clocks are ahead', async () => {
  const plans = ['20991231T235959Z-aaaaaa', '20261121T074501Z-bbbbbb', '20261121T074502Z-cccccc'].map(
    (run) => {
      const plan = transaction([], []);
      return { ...plan, run, record: { ...plan.record, run }, keep: 2 };
    },
  );
  for (const plan of plans) await transact(() => connect(sample.host.target), plan);
  expect((await readRuns(connection)).map(({ run, sequence }) => [run, sequence])).toEqual([
    ['20261121T074501Z-bbbbbb', 2],
    ['20261121T074502Z-cccccc', 3],
  ]);
});

test.each([
  ['as high as it can get', '99999999999999'],
  ['octal to the shell', '0019'],
  ['no number', '-1 $(id)'],
])('a number that is %s does not make the runs behind it the oldest', async (_, garbage) => {
  const numbered = (run: string, keep = 9) => {
    const plan = transaction([], []);
    return { ...plan, run, record: { ...plan.record, run }, keep };
  };
  const names = ['20261121T074502Z-aaaaaa', '20261121T074503Z-bbbbbb', '20261121T074504Z-cccccc'];
  for (const [index, run] of names.entries()) {
    await transact(() => connect(sample.host.target), numbered(run, index === 2 ? 2 : 9));
    if (index === 0) writeFileSync(sample.path(`var/lib/clusterproxy/runs/${run}/sequence`), `${garbage}\n`);
  }
  expect((await readRuns(connection)).map(({ run }) => run)).toEqual(names.slice(1));
});
