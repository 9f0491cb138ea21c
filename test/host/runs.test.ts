import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readRunFiles, readRuns } from '../../src/host/runs.ts';
import { transact } from '../../src/host/transact.ts';
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
