import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { replaceFile } from '../../src/document/replace-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-replace-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('makes a file and replaces it, with its mode, and leaves nothing beside', async () => {
  const file = join(folder, 'a.json');
  for (const mode of [0o600, 0o664]) {
    await replaceFile(file, `${mode}`, { mode });
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o7777]).toEqual([`${mode}`, mode]);
  }
  expect(readdirSync(folder)).toEqual(['a.json']);
});

it('several at once: each is whole, one of them stays', async () => {
  const file = join(folder, 'a.json');
  const texts = [...'abcdefgh'].map((letter) => letter.repeat(100_000));
  await Promise.all(texts.map((text) => replaceFile(file, text, { mode: 0o600 })));
  expect(texts).toContain(readFileSync(file, 'utf8'));
  expect(readdirSync(folder)).toEqual(['a.json']);
});

it('changes nothing where it fails', async () => {
  mkdirSync(join(folder, 'a'));
  await expect(replaceFile(join(folder, 'a'), 'x', { mode: 0o600 })).rejects.toThrow();
  expect(readdirSync(folder)).toEqual(['a']);
});

it.runIf(process.geteuid?.() === 0)('what root replaces stays the file of its owner', async () => {
  const file = join(folder, 'a');
  await replaceFile(file, 'one', { mode: 0o644 });
  chownSync(file, 1234, 1234);
  await replaceFile(file, 'two', { mode: 0o644, owner: statSync(file) });
  expect(statSync(file)).toMatchObject({ uid: 1234, gid: 1234 });
});
