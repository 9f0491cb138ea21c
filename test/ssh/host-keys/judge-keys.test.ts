import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judgeKeys } from '../../../src/ssh/host-keys/judge-keys.ts';
import { fingerprint } from '../../../src/ssh/host-keys/known-hosts.ts';
import { plainTarget } from '../../../src/ssh/resolve-target.ts';

let folder: string;
const lines: string[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-judge-'));
  for (const [index, type] of ['ed25519', 'ecdsa', 'rsa', 'ed25519'].entries()) {
    const file = join(folder, `key${index}`);
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', file]);
    lines.push(readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' '));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const line = (index: number) => lines[index] ?? '';
const blob = (index: number) => Buffer.from(line(index).split(' ')[1] ?? '', 'base64');

/** What the shown keys are to a host of this name, port 2222. */
async function judge(known: readonly string[], shown: readonly number[], hostKeys: readonly string[] = []) {
  const file = join(folder, 'known_hosts');
  writeFileSync(file, known.map((one) => `${one}\n`).join(''));
  const target = plainTarget({ host: 'h', port: 2222, user: 'u', knownHostsFiles: [file], hostKeys });
  const { keys, old, replaceable, name } = await judgeKeys(target, shown.map(blob));
  expect(name).toBe('[h]:2222');
  return { states: keys.map(({ state }) => state), old: old.map((entry) => entry.line), replaceable };
}

describe('keys that a host shows', () => {
  test('nothing is known: all are new', async () => {
    expect(await judge([`[h]:22 ${line(0)}`, `other ${line(0)}`], [0, 1])).toMatchObject({
      states: ['new', 'new'],
      old: [],
    });
  });

  test('one is known: those of other types are new', async () => {
    expect(await judge([`[h]:2222 ${line(0)}`], [0, 1, 2])).toMatchObject({
      states: ['known', 'new', 'new'],
      old: [],
    });
  });

  test('another one of its type is known', async () => {
    const known = [`[h]:2222 ${line(0)}`, `[h]:2222 ${line(1)}`];
    expect(await judge(known, [3, 1])).toMatchObject({ states: ['contradicts', 'known'], old: [1] });
  });

  test('none of the known ones is shown any more', async () => {
    expect(await judge([`[h]:2222 ${line(2)}`], [0, 1])).toMatchObject({
      states: ['contradicts', 'contradicts'],
      old: [1],
    });
  });

  test('a known key of a kind that is never asked for says nothing', async () => {
    const type = 'sk-ssh-ed25519@openssh.com';
    const length = Buffer.alloc(4);
    length.writeUInt32BE(type.length);
    const sk = Buffer.concat([length, Buffer.from(type), Buffer.alloc(40)]).toString('base64');
    expect(await judge([`[h]:2222 ${type} ${sk}`], [0])).toMatchObject({ states: ['new'], old: [] });
  });

  test('known without its port: accepted as ssh does, and another one is no contradiction', async () => {
    expect(await judge([`h ${line(0)}`], [0, 1])).toMatchObject({ states: ['known', 'new'], old: [] });
    expect(await judge([`h ${line(3)}`], [0])).toMatchObject({ states: ['new'], old: [] });
  });

  test('revoked, whatever else is known', async () => {
    expect(await judge([`[h]:2222 ${line(0)}`, `@revoked * ${line(0)}`], [0])).toMatchObject({
      states: ['revoked'],
    });
  });

  test('known through an authority: not needed', async () => {
    expect(await judge([`@cert-authority *,[*]:2222 ${line(3)}`], [0, 1])).toMatchObject({
      states: ['unneeded', 'unneeded'],
    });
  });

  test('the inventory pins: files do not count, and nothing can be replaced', async () => {
    const known = [`[h]:2222 ${line(0)}`];
    expect(await judge(known, [0, 1], [fingerprint(blob(1))])).toMatchObject({
      states: ['unneeded', 'known'],
      replaceable: false,
    });
    expect(await judge(known, [0], [fingerprint(blob(3))])).toMatchObject({ states: ['contradicts'] });
  });
});
