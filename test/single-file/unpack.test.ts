import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
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
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isTrusted } from '../../src/single-file/trusted.ts';
import { findUnpacked, nameOf, type Packed, unpackBelow } from '../../src/single-file/unpack.ts';
import { unpackedAt } from '../../src/single-file/unpacked.ts';

const uid = process.geteuid?.() ?? 0;
const isRoot = uid === 0;
const texts: Record<string, string> = { 'package.json': '{}', 'src/host/remote/probe.sh': 'echo probe\n' };
const packed = packedOf(texts);

function packedOf(contents: Record<string, string>): Packed {
  const files = Object.entries(contents).map(([path, text]) => ({
    path,
    mode: path.endsWith('.sh') ? '755' : '644',
    sha256: createHash('sha256').update(text).digest('hex'),
  }));
  return { index: JSON.stringify({ files }), read: (path) => Buffer.from(contents[path] ?? '') };
}

let folder: string;
let cache: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-unpack-'));
  cache = join(folder, 'home/.cache/clusterproxy');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const unpack = () => unpackBelow(packed, cache, { uid });
const found = () => findUnpacked(packed, cache, { uid });

describe('what a single file unpacks', () => {
  it('is found by whoever comes next, with its modes, whatever the umask', () => {
    const umask = process.umask(0o077);
    try {
      expect(unpack()).toBe(join(cache, nameOf(packed)));
    } finally {
      process.umask(umask);
    }
    expect(found()).toBe(join(cache, nameOf(packed)));
    const program = join(cache, nameOf(packed), 'src/host/remote/probe.sh');
    expect(readFileSync(program, 'utf8')).toBe('echo probe\n');
    expect(statSync(program).mode & 0o777).toBe(0o755);
    expect(statSync(cache).mode & 0o777).toBe(0o700);
  });

  it('leaves nothing else there', () => {
    unpack();
    unpack();
    expect(readdirSync(cache)).toEqual([nameOf(packed)]);
  });

  it('lies beside that of another version', () => {
    const other = packedOf({ ...texts, 'package.json': '{"version": "2"}' });
    unpackBelow(other, cache, { uid });
    unpack();
    expect(readdirSync(cache).sort()).toEqual([nameOf(other), nameOf(packed)].sort());
    expect(findUnpacked(other, cache, { uid })).toBe(join(cache, nameOf(other)));
  });

  it.each([
    ['a file is gone', (path: string) => rmSync(path)],
    ['a file is empty, as after a power cut', (path: string) => writeFileSync(path, '')],
    ['a file has other contents of the same length', (path: string) => writeFileSync(path, 'echo other\n')],
  ])('is made anew where %s', (_, damage) => {
    damage(join(unpack(), 'src/host/remote/probe.sh'));
    expect(found()).toBeUndefined();
    unpack();
    expect(found()).toBe(join(cache, nameOf(packed)));
    expect(readdirSync(cache)).toEqual([nameOf(packed)]);
  });

  it('is unpacked whole by each of those that begin at the same time', () => {
    // Each sees the folder of another one appear between its own look and its own rename.
    const racing: Packed = {
      index: packed.index,
      read: (path) => {
        unpack();
        return packed.read(path);
      },
    };
    expect(unpackBelow(racing, cache, { uid })).toBe(join(cache, nameOf(packed)));
    expect(found()).toBeDefined();
    expect(readdirSync(cache)).toEqual([nameOf(packed)]);
  });
});

describe('a place that others can write', () => {
  it('is not used: not a cache that is open to all', () => {
    unpack();
    chmodSync(cache, 0o777);
    expect(found()).toBeUndefined();
    expect(unpack).toThrow('others can change');
  });

  it('is not used: not one in a folder in which others could replace it', () => {
    unpack();
    chmodSync(join(folder, 'home'), 0o777);
    expect(found()).toBeUndefined();
    chmodSync(join(folder, 'home'), 0o1777);
    expect(found()).toBeDefined();
  });

  it.skipIf(!isRoot)("is not used: not somebody else's, nor one behind somebody else's link", () => {
    unpack();
    chownSync(join(cache, nameOf(packed)), 12345, 12345);
    expect(found()).toBeUndefined();
    chownSync(join(cache, nameOf(packed)), 0, 0);
    expect(found()).toBeDefined();
    mkdirSync(join(folder, 'theirs'));
    chownSync(join(folder, 'theirs'), 12345, 12345);
    mkdirSync(join(folder, 'theirs/cache'));
    symlinkSync(join(folder, 'theirs/cache'), join(folder, 'link'));
    expect(isTrusted(join(folder, 'link'), { uid })).toBe(false);
  });
});

describe('where a single file unpacks', () => {
  const at = (places: { cache?: string | undefined; shared?: string }) =>
    unpackedAt(packed, {
      ...{ uid, temporary: folder },
      shared: places.shared ?? join(folder, 'none'),
      cache: 'cache' in places ? places.cache : cache,
    });

  it('is nowhere if a package has brought the files', () => {
    const shared = join(folder, 'usr/share/clusterproxy');
    unpackBelow(packed, shared, { uid });
    expect(at({ shared })).toBe(join(shared, nameOf(packed)));
    expect(readdirSync(folder)).toEqual(['usr']);
  });

  it('is the cache of the account', () => {
    expect(at({})).toBe(join(cache, nameOf(packed)));
    expect(at({})).toBe(join(cache, nameOf(packed)));
  });

  it.each([
    ['the account has no home of its own', () => undefined],
    ['the cache is open to all', () => open('open')],
    ['the cache can be written by nobody', () => join('/proc', 'clusterproxy')],
    ['something else is there', () => file('file')],
  ])('is a folder for this process alone where %s', (_, place) => {
    const used = at({ cache: place() });
    expect(used.startsWith(join(folder, 'clusterproxy-files-'))).toBe(true);
    expect(readFileSync(join(used, 'package.json'), 'utf8')).toBe('{}');
  });

  function open(name: string): string {
    mkdirSync(join(folder, name));
    chmodSync(join(folder, name), 0o777);
    return join(folder, name);
  }

  function file(name: string): string {
    writeFileSync(join(folder, name), '');
    return join(folder, name);
  }
});
