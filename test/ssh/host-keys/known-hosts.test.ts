import { execFileSync, spawnSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  entriesNamed,
  fingerprint,
  indexOf,
  lookupName,
  parseKnownHosts,
} from '../../../src/ssh/host-keys/known-hosts.ts';
import { runs } from '../../support/random.ts';

let folder: string;
const keys: string[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-known-'));
  for (const [index, type] of ['ed25519', 'ecdsa', 'rsa'].entries()) {
    const path = join(folder, `key${index}`);
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', path]);
    keys.push(execFileSync('cut', ['-d', ' ', '-f', '1,2', `${path}.pub`], { encoding: 'utf8' }).trim());
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The line numbers that ssh-keygen finds. */
function oracle(text: string, name: string): number[] {
  const file = join(folder, 'known_hosts');
  writeFileSync(file, text);
  const { stdout } = spawnSync('ssh-keygen', ['-F', name, '-f', file], { encoding: 'utf8' });
  return [...stdout.matchAll(/^# Host .* found: line (\d+)/gm)].map((match) => Number(match[1]));
}

function hashed(name: string): string {
  const salt = randomBytes(20);
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

describe('entries are those that ssh-keygen -F finds', () => {
  const hosts: [string, number][] = [
    ['bbb-01.example.com', 22],
    ['BBB-01.Example.com', 22],
    ['bbb-01.example.com', 2222],
    ['bbb-02.example.com', 22],
    ['192.0.2.7', 22],
    ['2001:db8::1', 22],
    ['other.test', 22],
  ];
  test.each(hosts)('%s port %i', (host, port) => {
    const [one = '', two = '', three = ''] = keys;
    const text = [
      '# a comment',
      '',
      `bbb-01.example.com ${one} comment with words`,
      `bbb-01.example.com,192.0.2.7 ${two}`,
      `*.example.com ${three}`,
      `*.example.com,!bbb-02.example.com ${one}`,
      `!bbb-01.example.com,*.example.com ${two}`,
      `[bbb-01.example.com]:2222 ${one}`,
      `[*.example.com]:2222 ${two}`,
      `${hashed('bbb-01.example.com')} ${three}`,
      `${hashed('[bbb-01.example.com]:2222')} ${three}`,
      `  192.0.2.?\t${one}`,
      `2001:db8::1 ${one}`,
      `@revoked bbb-02.example.com ${two}`,
      `@cert-authority *.example.com ${one}`,
      `@unknown *.example.com ${one}`,
      'bbb-01.example.com',
      `BBB-02.EXAMPLE.COM ${three}`,
    ].join('\n');
    // ssh makes names lower case before it looks them up; ssh-keygen doesn't where they are hashed.
    const name = (port === 22 ? host : `[${host}]:${port}`).toLowerCase();
    const found = entriesNamed(parseKnownHosts(text), lookupName(host, port));
    expect(found.map(({ line }) => line)).toEqual(oracle(text, name));
    expect(indexOf(parseKnownHosts(text))(lookupName(host, port))).toEqual(found);
  });
});

test('whatever the patterns, it is what ssh-keygen -F finds', () => {
  const piece = fc.constantFrom(
    'a',
    'b',
    'bbb-01',
    '.',
    '*',
    '?',
    '[a]:22',
    '[b]:2222',
    '1',
    ':',
    '!',
    'A',
    '192.0.2.1',
  );
  const pattern = fc.array(piece, { minLength: 1, maxLength: 5 }).map((pieces) => pieces.join(''));
  const names = fc.array(pattern, { minLength: 1, maxLength: 3 }).map((patterns) => patterns.join(','));
  const blank = fc.constantFrom(' ', '\t', '  ');
  const marker = fc.constantFrom('', '', '', '@revoked ', '@cert-authority ', '@other ');
  const line = fc
    .tuple(marker, names, blank, fc.nat(2), fc.constantFrom('', ' a comment'))
    .map(([mark, name, gap, key, comment]) => `${mark}${name}${gap}${keys[key]}${comment}`);
  const host = fc.constantFrom('a', 'b', 'bbb-01', 'bbb-01.a', 'a.b', '192.0.2.1', 'ab1', '1:1');
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 6 }),
      host,
      fc.constantFrom(22, 2222),
      (lines, name, port) => {
        const text = `${lines.join('\n')}\n`;
        const looked = port === 22 ? name : `[${name}]:${port}`;
        const found = entriesNamed(parseKnownHosts(text), lookupName(name, port));
        expect(found.map((entry) => entry.line)).toEqual(oracle(text, looked));
        expect(indexOf(parseKnownHosts(text))(lookupName(name, port))).toEqual(found);
      },
    ),
    runs(300),
  );
});

test('a line whose key is damaged, or of another type than it says, is passed over', () => {
  const [one = '', two = ''] = keys;
  const text = ['h ssh-ed25519 notbase64', `h ssh-rsa ${one.split(' ')[1]}`, `h ${two}`].join('\n');
  expect(parseKnownHosts(text).map(({ line }) => line)).toEqual([3]);
});

test('a fingerprint is what ssh-keygen prints', () => {
  for (const [index, key] of keys.entries()) {
    const printed = execFileSync('ssh-keygen', ['-lf', join(folder, `key${index}.pub`)], {
      encoding: 'utf8',
    });
    expect(printed).toContain(` ${fingerprint(Buffer.from(key.split(' ')[1] ?? '', 'base64'))} `);
  }
});
