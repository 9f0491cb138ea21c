import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clusterproxyAt } from './at.ts';

let folder: string;
let inventory: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-install-'));
  mkdirSync(join(folder, 'clusters'));
  inventory = join(folder, 'clusters/prod.yaml');
  writeFileSync(
    inventory,
    `playbook: bigbluebutton
cluster: {name: prod, hostname: bbb.example.com}
hosts:
  proxy: [{name: proxy-1}]
  node: [{name: bbb-01, hostname: bbb-01.example.com}]
`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

const thursday = '2026-11-26T10:00:00.000Z';
const schedule = (...words: readonly string[]) =>
  clusterproxyAt(thursday, ['schedule', ...words, '-i', inventory]);
const print = (scheduler: string, ...more: readonly string[]) =>
  schedule('install', '--print', scheduler, ...more);

it.each([
  [['--limit', 'bbb-1'], 'error limit-unknown: bbb-1 is neither a host nor a role'],
  [['--when-idle'], 'error usage: --when-idle goes with --policy fix'],
  [['--policy', 'fix', '--when-idle'], 'error without-cordon: with --when-idle a host'],
  [['--every', '15m', '--spread', '15m'], 'error usage: --spread must be shorter than the time between'],
  [
    ['--metrics', '/tmp/prod.prom'],
    'error usage: --metrics /tmp/prod.prom is in a folder for temporary files',
  ],
  [['--at', '03:30', '--spread', '24h'], 'which begin every day at 03:30'],
])('install %j is refused, also where it is only printed', async (words, message) => {
  const { status, stdout, stderr } = await print('systemd', ...words);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr.replace(/\s+/g, ' ')).toContain(message);
});

it.each([
  ['schedule', 'run'],
  ['watch', '--listen', 'none'],
])('%s that only looks has no hosts that change themselves', async (...words) => {
  const { status, stderr } = await clusterproxyAt(thursday, [...words, '--when-idle', '-i', inventory]);
  expect(status).toBe(1);
  expect(stderr).toContain('error usage: --when-idle goes with --policy fix');
});

it('status knows what --limit can mean', async () => {
  const { status, stderr } = await schedule('status', '--limit', 'bbb-1');
  expect(status).toBe(1);
  expect(stderr).toContain('did you mean bbb-01?');
});

it.each(['gitlab', 'github'])('%s finds the inventory in its checkout', async (scheduler) => {
  expect((await print(scheduler)).stdout).toContain('--inventory prod.yaml ');
  mkdirSync(join(folder, '.git'), { recursive: true });
  const { stdout } = await print(scheduler);
  expect(stdout).toContain('--inventory clusters/prod.yaml ');
  expect(stdout).not.toContain(folder);
  rmSync(join(folder, '.git'), { recursive: true });
});

it('metrics are written where the schedule runs on this machine, and by an absolute path', async () => {
  expect((await print('systemd', '--metrics', 'prod.prom')).stdout).toContain(
    ` --metrics ${join(process.cwd(), 'prod.prom')} --state `,
  );
  expect((await print('cron', '--metrics', '/srv/prod.prom')).stdout).toContain(' --metrics /srv/prod.prom');
  const { status, stderr } = await print('kubernetes', '--metrics', '/srv/prod.prom');
  expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('leave --metrics out') });
});
