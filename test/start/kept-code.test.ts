import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTrusted, writeKept } from '../../src/start/kept-code.ts';

const uid = process.geteuid?.() ?? 0;
const file = 'program-1-v20.code';
const data = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251));
let folder: string;
let code: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'clusterproxy-kept-')));
  code = join(folder, 'cache/code');
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(commands: readonly string[] = ['validate']): void {
  writeKept(code, { file, uid, commands, data });
}

describe('compiled code that is kept', () => {
  it('is read as it was written, and nothing else lies beside it', () => {
    write(['validate', 'check']);
    expect(readTrusted(code, file, uid)).toEqual({ commands: ['validate', 'check'], data });
    expect(readdirSync(code)).toEqual([file]);
  });

  it('takes the place of what was there', () => {
    write();
    write(['validate', 'plan']);
    expect(readTrusted(code, file, uid)?.commands).toEqual(['validate', 'plan']);
  });

  it('is not taken where a part of it is missing or another', () => {
    write();
    const path = join(code, file);
    const whole = readFileSync(path);
    for (const length of [0, 1, 50, whole.length - 1]) {
      writeFileSync(path, whole);
      truncateSync(path, length);
      expect(readTrusted(code, file, uid), `${length} bytes`).toBeUndefined();
    }
    for (const index of [0, whole.length - 1]) {
      const other = Buffer.from(whole);
      other[index] = (other[index] ?? 0) ^ 1;
      writeFileSync(path, other);
      expect(readTrusted(code, file, uid), `byte ${index}`).toBeUndefined();
    }
    writeFileSync(path, whole);
    expect(readTrusted(code, file, uid)?.data).toEqual(data);
  });

  it('is not taken where others could have written it', () => {
    write();
    const path = join(code, file);
    for (const changed of [path, code, join(folder, 'cache')]) {
      chmodSync(changed, 0o777);
      expect(readTrusted(code, file, uid), changed).toBeUndefined();
      chmodSync(changed, changed === path ? 0o600 : 0o700);
    }
    expect(readTrusted(code, file, uid + 1)).toBeUndefined();
    expect(readTrusted(code, file, uid)?.data).toEqual(data);
  });

  it('is not taken by a link, which leads to a file of whomever', () => {
    write();
    renameSync(join(code, file), join(folder, 'elsewhere'));
    symlinkSync(join(folder, 'elsewhere'), join(code, file));
    expect(readTrusted(code, file, uid)).toBeUndefined();
  });

  it('is not written where others can change it', () => {
    mkdirSync(code, { recursive: true });
    chmodSync(code, 0o777);
    expect(() => write()).toThrow('others can change what is in');
    expect(readdirSync(code)).toEqual([]);
  });

  it('goes when it was written long ago, and nothing else does', () => {
    write();
    const old = new Date(Date.now() - 40 * 24 * 60 * 60 * 1000);
    for (const name of ['program-0-v18.code', 'of-somebody-else']) {
      writeFileSync(join(code, name), '');
      utimesSync(join(code, name), old, old);
    }
    write();
    expect(readdirSync(code).toSorted()).toEqual(['of-somebody-else', file]);
  });
});
