import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { ScheduledRun } from '../../src/model/schedule.ts';
import { takeLock } from '../../src/schedule/lock.ts';
import { scheduleName, unitName } from '../../src/schedule/names.ts';
import { openRecords, writeRun } from '../../src/schedule/store.ts';
import { clusterproxyAt } from './at.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-schedule-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  vi.unstubAllEnvs();
});

const records = (why: string) => ({
  problem: { code: 'records-folder', message: expect.stringContaining(why) },
});

it.skipIf(process.geteuid?.() !== 0)('records are not kept in a folder of another account', async () => {
  const foreign = join(folder, 'foreign');
  mkdirSync(foreign);
  chownSync(foreign, 12_345, 12_345);
  await expect(openRecords(foreign)).rejects.toMatchObject(records('belongs to another account (uid 12345)'));
});

it('a lock that can not be made is no fault of the program', async () => {
  await expect(takeLock(join(folder, 'nowhere'))).rejects.toMatchObject(records('does not exist'));
});

it.each(['', 'null', '[]', '{"pid": -1}', '{"pid": 1'])('a lock that says %j is nobody’s', async (text) => {
  const state = mkdtempSync(join(folder, 'state-'));
  writeFileSync(join(state, 'lock'), text);
  const lock = await takeLock(state);
  expect(lock).toBeDefined();
  await lock?.release();
  expect(existsSync(join(state, 'lock'))).toBe(false);
});

it('nothing half-written is left where records can not be kept', async () => {
  const state = mkdtempSync(join(folder, 'state-'));
  await openRecords(state);
  // A folder stands where the file is to be.
  mkdirSync(join(state, 'runs', 'at.json'));
  const run: ScheduledRun = {
    ...{ at: 'at', endedAt: 'at', policy: 'report', did: 'report', run: null, exitStatus: 0 },
    ...{ statuses: {}, missed: [], putOff: [], errors: [] },
  };
  await expect(writeRun(state, run, { hosts: [] } as never)).rejects.toMatchObject(records("can't be used"));
  expect(existsSync(join(state, 'runs', `at.json.${process.pid}`))).toBe(false);
});

it('a schedule can be removed where its inventory is gone, and its cluster had another name', async () => {
  const inventory = join(folder, 'gone.yaml');
  const units = join(folder, 'config/systemd/user');
  mkdirSync(units, { recursive: true });
  const unit = unitName(scheduleName('former', inventory));
  const other = unitName(scheduleName('former', join(folder, 'other.yaml')));
  for (const one of [unit, other]) writeFileSync(join(units, `${one}.timer`), '[Timer]\n');
  const systemctl = join(folder, 'systemctl');
  writeFileSync(systemctl, '#!/bin/sh\nexit 0\n');
  chmodSync(systemctl, 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`);
  const remove = () =>
    clusterproxyAt('2026-11-26T10:00:00Z', ['schedule', 'remove', '-i', inventory, '--json'], {
      XDG_CONFIG_HOME: join(folder, 'config'),
    });
  const removed = await remove();
  expect(removed.status, removed.stderr).toBe(0);
  expect(removed.document.schedule).toMatchObject({
    ...{ unit, installed: false },
    notes: [`${unit}.timer and ${unit}.service are removed`],
  });
  expect([unit, other].map((one) => existsSync(join(units, `${one}.timer`)))).toEqual([false, true]);
  // By now only the inventory could tell whose schedule that would be.
  expect((await remove()).document.errors).toMatchObject([{ code: 'file-missing' }]);
});
