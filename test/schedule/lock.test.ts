import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeLock } from '../../src/schedule/lock.ts';

let folder: string;
let lock: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-test-'));
  lock = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Each container has a process of number 1. */
const elsewhere = JSON.stringify({ pid: 1, started: 'another start 1', namespace: 'pid:[1]' });
const aged = (seconds: number) => utimesSync(lock, new Date(), new Date(Date.now() - seconds * 1_000));

test('one of another container counts as long as it is renewed', async () => {
  writeFileSync(lock, elsewhere);
  aged(60);
  expect(await takeLock(folder)).toBe(undefined);
  expect(readFileSync(lock, 'utf8')).toBe(elsewhere);
  aged(100);
  const taken = await takeLock(folder);
  expect(taken).toBeDefined();
  expect(await takeLock(folder)).toBe(undefined);
  await taken?.release();
  expect(existsSync(lock)).toBe(false);
});

test('one of another machine counts as well, although its first namespace has the same number', async () => {
  const started = 'another-boot 1';
  writeFileSync(lock, JSON.stringify({ pid: 1, started, namespace: 'another-boot pid:[4026531836]' }));
  expect(await takeLock(folder)).toBe(undefined);
  // From a time that has not come yet, by a clock that was set back.
  aged(-100);
  await (await takeLock(folder))?.release();
  expect(existsSync(lock)).toBe(false);
});

test('one that somebody else has taken over is not released', async () => {
  const taken = await takeLock(folder);
  writeFileSync(lock, elsewhere);
  await taken?.release();
  expect(readFileSync(lock, 'utf8')).toBe(elsewhere);
});
