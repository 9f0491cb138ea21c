import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { editKnownHosts, type KnownHostEdit } from '../../../src/ssh/host-keys/known-hosts-file.ts';
import { writeKnownHosts } from '../../../src/ssh/host-keys/write-known-hosts.ts';
import { runs } from '../../support/random.ts';

let folder: string;
let keys: Buffer[];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-known-'));
  keys = ['ed25519', 'ecdsa', 'rsa', 'ed25519'].map((type, index) => {
    const file = join(folder, `key${index}`);
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', file]);
    return Buffer.from(readFileSync(`${file}.pub`, 'utf8').split(' ')[1] ?? '', 'base64');
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

const key = (index: number): Buffer => keys[index] ?? Buffer.alloc(0);
const typeOf = (blob: Buffer) => blob.toString('latin1', 4, 4 + blob.readUInt32BE(0));
const line = (names: string, index: number) =>
  `${names} ${typeOf(key(index))} ${key(index).toString('base64')}`;

/** The keys (base64) that ssh finds for a name. */
function oracle(text: string, name: string): string[] {
  const file = join(folder, 'known_hosts');
  writeFileSync(file, text, 'latin1');
  const { stdout } = spawnSync('ssh-keygen', ['-F', name, '-f', file], { encoding: 'latin1' });
  return stdout.split('\n').flatMap((found) => {
    const fields = found.split(' ');
    return found === '' || found.startsWith('#') || found.startsWith('@') ? [] : [fields[2]?.trim() ?? ''];
  });
}

const edit = (more: Partial<KnownHostEdit>): KnownHostEdit => ({
  name: 'h.example.com',
  add: [],
  remove: [],
  hash: false,
  ...more,
});

describe('laws', () => {
  const name = fc.constantFrom('h.example.com', '[h.example.com]:2222', 'bbb-01', '192.0.2.1', '2001:db8::1');
  const foreignLine = fc.oneof(
    fc.constantFrom('# a comment', '', '   ', '@unknown x y z', 'half a line', '\u00e4\u00ff ssh-rsa AAAA'),
    fc.tuple(fc.constantFrom('other', 'other,bbb-02', '*.test', '!x,other', '[other]:2222'), fc.nat(3)).map(
      ([names, index]) =>
        () =>
          line(names, index),
    ),
  );
  const text = fc
    .tuple(fc.array(foreignLine, { maxLength: 8 }), fc.constantFrom('\n', '\r\n'), fc.boolean())
    .map(([lines, end, last]) => () => {
      const joined = lines.map((one) => (typeof one === 'string' ? one : one())).join(end);
      return last && joined !== '' ? joined + end : joined;
    });

  test('what is added is found by ssh, hashed or not; the rest stays byte for byte; twice is as once', () => {
    fc.assert(
      fc.property(
        text,
        name,
        fc.uniqueArray(fc.nat(3), { minLength: 1 }),
        fc.boolean(),
        (make, host, indexes, hash) => {
          const before = make();
          const add = indexes.map(key);
          const { text: after } = editKnownHosts(before, [edit({ name: host, add, hash })]);
          expect(after.startsWith(before)).toBe(true);
          expect(after.endsWith('\n')).toBe(true);
          if (hash) expect(after.slice(before.length)).not.toContain(host);
          expect(oracle(after, host)).toEqual(
            expect.arrayContaining(add.map((one) => one.toString('base64'))),
          );
          expect(editKnownHosts(after, [edit({ name: host, add, hash })]).text).toBe(after);
        },
      ),
      runs(60),
    );
  });

  test('what is removed is not found any more, and nothing else is gone', () => {
    fc.assert(
      fc.property(text, name, fc.boolean(), fc.nat(8), (make, host, hash, place) => {
        const lines = make().split('\n');
        const [own = ''] = editKnownHosts('', [edit({ name: host, add: [key(0)], hash })]).text.split('\n');
        const at = Math.min(place, lines.length - 1);
        const before = [...lines.slice(0, at), own, ...lines.slice(at)].join('\n');
        const { text: after, shared } = editKnownHosts(before, [edit({ name: host, remove: [key(0)] })]);
        expect(shared).toEqual([]);
        expect(after).toBe(lines.join('\n'));
        expect(oracle(after, host)).not.toContain(key(0).toString('base64'));
      }),
      runs(40),
    );
  });

  test('no edit, no change; whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const before = Buffer.from(bytes).toString('latin1');
        expect(editKnownHosts(before, []).text).toBe(before);
        expect(editKnownHosts(before, [edit({ remove: [key(0)] })]).text).toBe(before);
      }),
    );
  });
});

describe('removing', () => {
  test('leaves the other names of a line', () => {
    const before = `${line('h.example.com,192.0.2.1', 0)} comment\n${line('h.example.com', 1)}\n`;
    const { text } = editKnownHosts(before, [edit({ remove: [key(0)] })]);
    expect(text).toBe(`${line('192.0.2.1', 0)} comment\n${line('h.example.com', 1)}\n`);
  });

  test('leaves patterns, and says so', () => {
    const before = `\n${line('*.example.com', 0)}\n`;
    expect(editKnownHosts(before, [edit({ remove: [key(0)] })])).toEqual({ text: before, shared: [2] });
  });

  test('does not touch revoked keys and authorities', () => {
    const before = `@revoked ${line('h.example.com', 0)}\n@cert-authority ${line('h.example.com', 0)}\n`;
    const { text } = editKnownHosts(before, [edit({ remove: [key(0)], add: [key(0)] })]);
    expect(text).toBe(`${before}${line('h.example.com', 0)}\n`);
  });

  test('several hosts at once', () => {
    const before = ['a', 'b', 'c'].map((name) => `${line(name, 0)}\n`).join('');
    const edits = ['a', 'c'].map((name) => edit({ name, remove: [key(0)], add: [key(3)] }));
    expect(editKnownHosts(before, edits).text).toBe(`${line('b', 0)}\n${line('a', 3)}\n${line('c', 3)}\n`);
  });
});

describe('the file', () => {
  const place = (name: string) => {
    const own = join(folder, name);
    mkdirSync(own);
    return own;
  };

  test('is made where there is none, for its owner alone', async () => {
    const file = join(place('fresh'), '.ssh', 'known_hosts');
    await writeKnownHosts(file, [edit({ add: [key(0)] })]);
    expect(readFileSync(file, 'utf8')).toBe(`${line('h.example.com', 0)}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(file, '..'))).toEqual(['known_hosts']);
  });

  test('keeps its mode, its bytes and its place behind a link', async () => {
    const own = place('linked');
    const file = join(own, 'known_hosts');
    const bytes = Buffer.from('# caf\u00e9 \xff\n', 'latin1');
    writeFileSync(join(own, 'real'), bytes);
    chmodSync(join(own, 'real'), 0o644);
    symlinkSync('real', file);
    await writeKnownHosts(file, [edit({ add: [key(0)] })]);
    expect(readFileSync(join(own, 'real')).subarray(0, bytes.length).equals(bytes)).toBe(true);
    expect(statSync(join(own, 'real')).mode & 0o777).toBe(0o644);
    expect(readdirSync(own).sort()).toEqual(['known_hosts', 'real']);
  });

  test('that cannot be one is refused, with what to do', async () => {
    const own = place('folder');
    mkdirSync(join(own, 'known_hosts'));
    for (const file of ['/dev/null', join(own, 'known_hosts'), '/proc/known_hosts']) {
      await expect(writeKnownHosts(file, [edit({ add: [key(0)] })])).rejects.toMatchObject({
        code: 'known-hosts-not-written',
        problem: { message: expect.stringContaining(file) },
      });
    }
  });
});
