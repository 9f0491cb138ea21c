import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { inventoryName } from '../../../src/demo/cluster.ts';
import { startCluster, type TestCluster } from '../../run/cluster.ts';
import { clusterproxyAt } from '../at.ts';
import { type Received, receiver } from './receiver.ts';

let cluster: TestCluster;
let inventory: string;
beforeAll(async () => {
  cluster = await startCluster();
  inventory = join(cluster.folder, 'told.yaml');
  program('vault', 'echo asked >>vault.log; /usr/bin/env >>vault.env; echo "$1"');
  program('told', '/usr/bin/env >>told.env; exec /bin/cat >>told.log');
}, 60_000);
afterAll(() => cluster.close());

let state: string;
let number = 0;
beforeEach(() => {
  number += 1;
  state = join(cluster.folder, `state-${number}`);
});

function program(name: string, text: string): void {
  writeFileSync(join(cluster.folder, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(cluster.folder, name), 0o755);
}
const read = (name: string) => {
  const file = join(cluster.folder, name);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
};

function write(notify: string): void {
  const text = readFileSync(join(cluster.folder, inventoryName), 'utf8');
  const own = text.replace(/^ssh:\n/m, 'ssh:\n  password: {command: [./vault, of-hosts]}\n');
  writeFileSync(inventory, `${own}\nnotify:\n${notify}`);
}
const run = (time: string, variables: Readonly<Record<string, string>> = {}, ...more: readonly string[]) =>
  clusterproxyAt(time, ['schedule', 'run', '-i', inventory, '--state', state, ...more], variables);
const messages = ({ all }: { all: readonly Received[] }) =>
  all.flatMap(({ body }) => (body === '' ? [] : [JSON.parse(body)]));

it('tells what a run has found, once, by what it takes, which no other program gets', {
  timeout: 240_000,
}, async () => {
  const hook = await receiver(() => 204);
  const alive = await receiver(() => 200);
  write(`  targets:
    - {webhook: {env: HOOK_URL}, secret: {command: [./vault, signing-key]}}
    - {command: [./told], severities: [info]}
  dead_man: {env: ALIVE_URL}
`);
  const variables = { HOOK_URL: `${hook.url}?token=hook-url-token`, ALIVE_URL: `${alive.url}/alive-token` };
  const first = await run('2026-11-26T10:00:00.000Z', variables);
  expect(first.status, first.stderr).toBe(2);
  expect(messages(hook)).toMatchObject([{ severity: 'ticket', cluster: 'demo' }]);
  expect(messages(hook)[0].items.map(({ host }: { host: string }) => host)).toContain('bbb-01');
  expect(hook.all[0]?.headers['webhook-signature']).toMatch(/^v1,/);
  expect(alive.all.map(({ path }) => path)).toEqual(['/hook/alive-token']);
  expect(read('told.log')).toBe('');
  expect(read('vault.log')).toBe('asked\nasked\n');

  // Nothing is new: nobody is told, and what it takes to tell them isn't looked up.
  await run('2026-11-26T11:00:00.000Z', variables);
  expect([hook.all.length, alive.all.length]).toEqual([1, 2]);
  expect(read('vault.log')).toBe('asked\n'.repeat(3));

  const fixed = await run('2026-11-26T12:00:00.000Z', variables, '--policy', 'fix');
  expect(fixed.status, fixed.stderr).toBe(0);
  expect(messages(hook)[1].items.map(({ change }: { change: string }) => change)).toContain('over');
  expect(JSON.parse(read('told.log'))).toMatchObject({ severity: 'info', schemaVersion: 1 });
  for (const seen of [read('vault.env'), read('told.env')]) {
    expect(seen).not.toContain('hook-url-token');
    expect(seen).not.toContain('alive-token');
  }
  const kept = readdirSync(state, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => readFileSync(join(one.parentPath, one.name), 'utf8'));
  for (const text of [...kept, first.stdout, first.stderr, fixed.stdout])
    expect(text).not.toMatch(/hook-url-token|alive-token|signing-key/);
});

it('a target that is corrected gets what has waited for it', { timeout: 240_000 }, async () => {
  const [wrong, right] = [await receiver(() => 404), await receiver(() => 200)];
  cluster.edit('bbb-01', '/etc/bigbluebutton/bbb-web.properties', (text) =>
    text.replace(/^defaultHTML5ClientUrl=.*$/m, 'defaultHTML5ClientUrl=x'),
  );
  write(`  targets: [{webhook: '${wrong.url}'}]\n`);
  expect((await run('2026-11-26T10:00:00.000Z')).stdout).toContain('it answered with status 404');
  write(`  targets: [{webhook: '${right.url}'}]\n`);
  const { status, stdout } = await run('2026-11-26T10:10:00.000Z');
  expect([status, stdout.includes('404')]).toEqual([2, false]);
  expect(messages(right).map(({ id }) => id)).toEqual(messages(wrong).map(({ id }) => id));
  expect(readdirSync(join(state, 'notify/spool'))).toEqual([]);
});

it('tells people that the inventory can not be used, whatever is wrong with it, and records it', {
  timeout: 240_000,
}, async () => {
  const hook = await receiver(() => 200);
  write(`  targets: [{webhook: {env: HOOK_URL}}]\n`);
  const text = readFileSync(inventory, 'utf8');
  const variables = { HOOK_URL: `${hook.url}?token=hook-url-token` };
  const records = () => JSON.parse(readFileSync(join(state, 'records.json'), 'utf8')).runs[0];
  await run('2026-11-26T10:00:00.000Z', variables);
  hook.all.length = 0;

  writeFileSync(inventory, text.replace('hosts:', 'hots:'));
  const misspelt = await run('2026-11-27T10:00:00.000Z', variables);
  expect([misspelt.status, misspelt.stderr.includes('hots')]).toEqual([1, true]);
  expect(messages(hook)).toMatchObject([{ cluster: 'demo', severity: 'ticket' }]);
  const items = messages(hook)[0].items as { what: string; kind: string }[];
  expect(items.map(({ kind, what }) => `${kind} ${what}`)).toContain('failed unknown-key');
  expect(records()).toMatchObject({ at: '2026-11-27T10:00:00.000Z', exitStatus: 1, statuses: {} });
  expect(records().errors.map(({ code }: { code: string }) => code)).toContain('unknown-key');

  // What a merge leaves behind is no YAML at all; nobody is told twice of the same.
  hook.all.length = 0;
  writeFileSync(inventory, text.replace('hosts:', '<<<<<<< HEAD\nhosts:\n=======\nhosts:\n>>>>>>> other'));
  const merged = await run('2026-11-28T10:00:00.000Z', variables);
  expect(merged.status).toBe(1);
  expect(messages(hook)).toHaveLength(1);
  await run('2026-11-28T11:00:00.000Z', variables);
  expect(messages(hook)).toHaveLength(1);
  expect(JSON.stringify([records(), misspelt.stderr, merged.stderr])).not.toContain('hook-url-token');

  hook.all.length = 0;
  writeFileSync(inventory, text);
  expect((await run('2026-11-28T12:00:00.000Z', variables)).status).toBe(2);
  const changes = messages(hook).flatMap(({ items: all }) => all as { kind: string; change: string }[]);
  expect(changes.filter(({ kind }) => kind === 'failed').map(({ change }) => change)).toContain('over');
});

it('quiet hours hold tickets back, and a dead_man without its secret is told of', {
  timeout: 240_000,
}, async () => {
  const hook = await receiver(() => 200);
  write(`  targets: [{webhook: '${hook.url}'}]
  quiet_hours: {from: '22:00', to: '07:00'}
  dead_man: {env: NOT_SET}
`);
  const night = await run('2026-11-26T23:30:00.000Z');
  expect(night.stdout.replaceAll(/\s+/g, ' ')).toContain(
    "dead_man could not be told of this run: a secret that it needs can't be looked up",
  );
  expect(hook.all).toEqual([]);
  await run('2026-11-27T06:59:00.000Z');
  expect(hook.all).toEqual([]);
  await run('2026-11-27T07:00:00.000Z');
  expect(messages(hook)).toMatchObject([{ at: '2026-11-26T23:30:00.000Z', severity: 'ticket' }]);
});

it('tells people where a run can not be recorded', { timeout: 240_000 }, async () => {
  const hook = await receiver(() => 200);
  write(`  targets: [{webhook: '${hook.url}'}]\n`);
  const whats = () =>
    messages(hook).flatMap(({ items }) => items.map(({ what }: { what: string }) => what) as string[]);
  mkdirSync(join(state, 'runs/2026-11-26T100000.000Z.json'), { recursive: true });
  const { status, stderr } = await run('2026-11-26T10:00:00.000Z');
  expect([status, stderr.includes('records-folder')]).toEqual([3, true]);
  expect(whats()).toContain('records-folder');
  expect(whats()).toContain('/etc/bigbluebutton/bbb-web.properties');

  // Not even what they are to be told can be written.
  hook.all.length = 0;
  state = join(cluster.folder, 'no-folder');
  writeFileSync(state, '');
  expect((await run('2026-11-26T10:00:00.000Z')).status).toBe(1);
  expect(whats()).toEqual(['records-folder']);

  hook.all.length = 0;
  state = join(cluster.folder, 'torn');
  mkdirSync(state);
  writeFileSync(join(state, 'records.json'), '{');
  expect((await run('2026-11-26T10:00:00.000Z')).status).toBe(1);
  expect(whats()).toEqual(['records-folder']);
});

it('an installation says which of its secrets nobody would have at night', async () => {
  write(`  targets:
    - {webhook: {env: HOOK_URL}, secret: {env: HOOK_SECRET}}
    - mail: {to: [a@example.com], from: b@example.com, smtp: {host: mail.example.com, user: a, password: {env: SMTP_PASSWORD}}}
  dead_man: {env: ALIVE_URL}
`);
  const install = (...more: readonly string[]) =>
    clusterproxyAt('2026-11-26T10:00:00.000Z', [
      ...['schedule', 'install', '-i', inventory, '--print', 'github', '--every', '1h', ...more],
    ]);
  const { stdout, stderr } = await install();
  expect(stderr).toBe('');
  for (const name of ['HOOK_URL', 'HOOK_SECRET', 'SMTP_PASSWORD', 'ALIVE_URL'])
    expect(stdout).toContain(`${name}: \${{ secrets.${name} }}`);
});
