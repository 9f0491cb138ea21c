import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inventoryName } from '../../../src/demo/cluster.ts';
import { startCluster, type TestCluster } from '../../run/cluster.ts';
import { clusterproxyAt } from '../at.ts';
import { valueIn } from './known.ts';

let cluster: TestCluster;
let inventory: string;
let file: string;
beforeAll(async () => {
  cluster = await startCluster();
  inventory = join(cluster.folder, inventoryName);
  mkdirSync(join(cluster.folder, 'textfile'));
  file = join(cluster.folder, 'textfile/prod.prom');
}, 60_000);
afterAll(() => cluster.close());

const [morning, noon, evening, night] = [
  '2026-11-28T08:00:00.000Z',
  '2026-11-28T12:00:00.000Z',
  '2026-11-28T18:00:00.000Z',
  '2026-11-28T22:00:00.000Z',
] as const;
const text = () => readFileSync(file, 'utf8');
const value = (name: string, more = '') => {
  const [, label = ''] = /cluster="([^"]*)"/.exec(text()) ?? [];
  return valueIn(text(), `clusterproxy_${name}{cluster="${label}"${more}}`);
};
const fileLabels = (host: string) => `,host="${host}",role="node",kind="file"`;

it('check tells what differs, in a file that others may read', { timeout: 240_000 }, async () => {
  const before = process.umask(0o077);
  const ended = await clusterproxyAt(morning, ['check', '-i', inventory, '--metrics', file, '--json']);
  process.umask(before);
  expect(ended.status, ended.stderr).toBe(2);
  expect(ended.document.measured).toMatchObject({ playbook: 'bigbluebutton', at: morning });
  expect(statSync(file).mode & 0o777).toBe(0o644);
  expect(readdirSync(join(cluster.folder, 'textfile'))).toEqual(['prod.prom']);
  expect(value('hosts', ',role="node",status="would-change"')).toBe(3);
  expect(value('host_differences', fileLabels('bbb-01'))).toBeGreaterThan(0);
  expect(value('last_success_timestamp_seconds')).toBe(Date.parse(morning) / 1_000);
});

it('a look that fails keeps the last success', { timeout: 240_000 }, async () => {
  const broken = join(cluster.folder, 'broken.yaml');
  writeFileSync(broken, 'hosts: [');
  const { status } = await clusterproxyAt(noon, ['check', '-i', broken, '--metrics', file]);
  expect(status).toBe(1);
  expect(value('last_run_success')).toBe(0);
  expect(value('last_run_timestamp_seconds')).toBe(Date.parse(noon) / 1_000);
  expect(value('last_success_timestamp_seconds')).toBe(Date.parse(morning) / 1_000);
});

it('a scheduled run repairs, and tells how long that took', { timeout: 240_000 }, async () => {
  const state = join(cluster.folder, 'state');
  const words = ['schedule', 'run', '-i', inventory, '--state', state, '--policy', 'fix', '--metrics', file];
  const { status, stderr } = await clusterproxyAt(evening, words);
  expect(status, stderr).toBe(0);
  expect(value('hosts', ',role="node",status="changed"')).toBe(3);
  expect(value('host_differences', fileLabels('bbb-01'))).toBe(0);
  expect(value('phase_duration_seconds', ',phase="looking"')).toBeGreaterThanOrEqual(0);
  expect(value('phase_duration_seconds', ',phase="handler"')).toBeGreaterThanOrEqual(0);
  expect(value('last_success_timestamp_seconds')).toBe(Date.parse(evening) / 1_000);
});

it('a file that can not be written is told, and so is all the rest', { timeout: 240_000 }, async () => {
  const nowhere = join(cluster.folder, 'gone/prod.prom');
  const words = ['apply', '--yes', '-i', inventory, '--metrics', nowhere, '--json'];
  const { status, document } = await clusterproxyAt(night, words);
  expect(status).toBe(3);
  expect(document.errors).toMatchObject([
    { code: 'metrics-file', message: expect.stringContaining(nowhere) },
  ]);
  expect(document.hosts.map((host) => host.status)).toEqual(['in-sync', 'in-sync', 'in-sync', 'in-sync']);
});
