import { execFile, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventSchema } from '../../src/report/events/schema.ts';
import { buildProgram, type Ended, main } from '../cli/program.ts';
import { type SecretCluster, secrets, startSecretCluster } from '../secrets/cluster.ts';

let cluster: SecretCluster;
let folder: string;
beforeAll(async () => {
  await buildProgram();
  cluster = await startSecretCluster();
  folder = join(cluster.folder, 'state/clusterproxy/events');
  mkdirSync(folder, { recursive: true });
}, 120_000);
afterAll(() => cluster?.close());

/** What a line of progress begins with, with --verbose. */
const times = /^\d\d:\d\d:\d\d (?=\S+: |looking)/gm;
const withoutTimes = (told: Ended) => ({ ...told, stderr: told.stderr.replace(times, '') });

/** When what was told has happened, by the clock of whoever reads it. */
function timesIn(log: string): readonly string[] {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  return lines.map((line) => `${new Date(JSON.parse(line).at).toTimeString().slice(0, 8)} `);
}

it('tells a run again as it was told, whichever way it is shown', async () => {
  const { run, inventory } = cluster;
  const log = join(cluster.folder, 'events.jsonl');
  const common = ['--inventory', inventory, '--yes'];
  cluster.complain(true);
  const failed = await run('apply', ...common);
  cluster.complain(false);
  const changed = await run('apply', ...common, '--verbose', '--run-id', 'rollout-one', '--events', log);
  const asJson = await run('apply', ...common, '--json');
  expect([failed.status, changed.status, asJson.status]).toEqual([3, 0, 0]);

  expect(readdirSync(folder)).toHaveLength(3);
  expect(readdirSync(folder)).toContain('rollout-one.jsonl');
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(folder)) {
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    const text = readFileSync(join(folder, name), 'utf8');
    for (const secret of Object.values(secrets)) expect(text).not.toContain(secret);
    for (const line of text.trimEnd().split('\n')) eventSchema.parse(JSON.parse(line));
  }
  expect(readFileSync(log, 'utf8')).toBe(readFileSync(join(folder, 'rollout-one.jsonl'), 'utf8'));

  const again = await run('report', 'rollout-one', '--verbose');
  // Each line has the time at which that was, not the one at which it is told again.
  expect(withoutTimes(again)).toEqual(withoutTimes(changed));
  expect(again.stderr).toMatch(times);
  const known = timesIn(log);
  for (const time of again.stderr.match(times) ?? []) expect(known).toContain(time);
  expect((await run('report', log, '--verbose')).stdout).toBe(changed.stdout);
  const last = await run('report', '--last', '--json');
  expect(last.stdout).toBe(asJson.stdout);
  expect(last.stderr).toBe(asJson.stderr);
  const first = readdirSync(folder).map((name) => name.replace('.jsonl', ''));
  const { run: id } = JSON.parse((await run('report', 'rollout-one', '--json')).stdout);
  expect(id).toBe('rollout-one');
  const list = JSON.parse((await run('report', '--json')).stdout).records;
  expect(list.map(({ name }: { name: string }) => name).sort()).toEqual(first.sort());
  const failure = list.find(({ exitStatus }: { exitStatus: number }) => exitStatus === 3);
  expect(await run('report', failure.name)).toEqual({ ...failed, status: 0 });

  const unknown = await run('report', 'rollout-on');
  expect(unknown.status).toBe(1);
  expect(unknown.stderr).toContain('record-unknown');
  expect(unknown.stderr).toContain('did you mean rollout-one?');

  // As if the program had been killed while it wrote a line.
  const text = readFileSync(log, 'utf8');
  const torn = join(cluster.folder, 'torn.jsonl');
  writeFileSync(torn, text.slice(0, text.lastIndexOf('{"event":"end"') + 99));
  const unended = await run('report', torn, '--verbose');
  expect(unended.stdout).toBe(changed.stdout);
  expect(unended.stderr).toContain('record-unfinished');
});

it('stops no run, and keeps nothing of what changes nothing', async () => {
  const { run, inventory } = cluster;
  expect((await run('apply', '--inventory', inventory, '--yes')).status).toBe(0);
  const before = readdirSync(folder).length;
  expect((await run('check', '--inventory', inventory)).status).toBe(0);
  expect((await run('apply', '--inventory', inventory, '--dry-run')).status).toBe(0);
  expect(readdirSync(folder)).toHaveLength(before);

  const words = `"${process.execPath}" "${main}" apply --inventory "${inventory}" --yes`;
  const variables = { DB_PASSWORD: cluster.environment, XDG_STATE_HOME: join(cluster.folder, 'state') };
  const shell = (script: string) =>
    new Promise<Ended>((resolve) => {
      const options = { env: { ...process.env, ...variables } };
      const child = execFile('/bin/sh', ['-c', script], options, (_, stdout, stderr) =>
        resolve({ status: child.exitCode, stdout, stderr }),
      );
    });
  const aside = await shell(`${words} --events - | tee /dev/null`);
  for (const line of aside.stdout.trimEnd().split('\n')) eventSchema.parse(JSON.parse(line));
  expect(aside.stderr).toContain('app-1');
  const inherited = await shell(`${words} --events fd:3 3>&1 >/dev/null`);
  expect(inherited.stdout.split('\n').length).toBeGreaterThan(3);
  const gone = await shell(
    `{ ${words} --events fd:3; echo "status $?" >&2; } 3>&1 >/dev/null | head -c 1 >/dev/null`,
  );
  expect(gone.stderr).toContain('status 0');
  const twice = await shell(`${words} --events - --json`);
  expect(twice.status).toBe(1);
  const unread = join(cluster.folder, 'pipe');
  spawnSync('mkfifo', [unread]);
  const nobody = await shell(`${words} --events "${unread}"`);
  expect(nobody.status).toBe(1);
  expect(nobody.stderr).toContain('events-target');

  const blocked = join(cluster.folder, 'blocked');
  mkdirSync(blocked);
  closeSync(openSync(join(blocked, 'clusterproxy'), 'w'));
  const all = readdirSync(folder).length;
  expect((await run('apply', '--inventory', inventory, '--yes', '--names')).status).toBe(0);
  expect(readdirSync(folder)).toHaveLength(all + 1);
  const unkept = await shell(`XDG_STATE_HOME="${blocked}" ${words}`);
  expect(unkept.status).toBe(0);
  expect(unkept.stderr.match(/no record of this run is kept/g)).toHaveLength(1);
  const full = await shell(`${words} --events /dev/full`);
  expect(full.status).toBe(0);
  expect(full.stderr.match(/\/dev\/full/g), full.stderr).toHaveLength(1);
});
