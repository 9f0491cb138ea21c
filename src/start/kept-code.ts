import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { cachedDataVersionTag } from 'node:v8';
import { isTrusted } from '../single-file/trusted.ts';

/** Code that V8 has compiled, as it is kept. */
export interface KeptCode {
  /** that ran before it was kept: of others, little is compiled yet */
  readonly commands: readonly string[];
  readonly data: Buffer;
}

/**
 * What the file is called in which compiled code of that name is kept: other code, another Node.js or other
 * options of V8 have another one. V8 itself looks only at a part of that.
 */
export function keptName(code: string): string {
  return `${code}-${process.version}-${process.arch}-${cachedDataVersionTag().toString(16)}${ending}`;
}

const ending = '.code';

/** What is kept there; undefined where there is none, or it isn't whole. */
export function readKept(path: string): KeptCode | undefined {
  try {
    const bytes = readFileSync(path);
    const end = bytes.indexOf('\n');
    const { commands, sha256 } = JSON.parse(bytes.toString('latin1', 0, end)) as Header;
    const data = bytes.subarray(aligned(end + 1));
    return sumOf(data) === sha256 ? { commands, data } : undefined;
  } catch {
    return undefined;
  }
}

/** The same, of a folder that others might have written: then undefined as well. */
export function readTrusted(folder: string, file: string, uid: number): KeptCode | undefined {
  try {
    const path = join(folder, file);
    const found = lstatSync(path);
    const isOurs = found.isFile() && found.uid === uid && (found.mode & 0o022) === 0;
    return isOurs && isTrusted(folder, { uid }) ? readKept(path) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Keeps it there, where nobody else can change it; whoever reads sees all of it or nothing. What was kept
 * there long ago goes. Throws where that can't be done.
 */
export function writeKept(
  folder: string,
  { file, uid, commands, data }: KeptCode & { readonly file: string; readonly uid: number },
): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (statSync(folder).uid !== uid || !isTrusted(folder, { uid }))
    throw new Error(`others can change what is in ${folder}`);
  removeOld(folder);
  const header: Header = { commands, sha256: sumOf(data) };
  const line = Buffer.from(`${JSON.stringify(header)}\n`);
  const mine = join(folder, `new-${process.pid}${ending}`);
  try {
    writeFileSync(mine, Buffer.concat([line, Buffer.alloc(aligned(line.length) - line.length), data]), {
      mode: 0o600,
    });
    chmodSync(mine, 0o600);
    renameSync(mine, join(folder, file));
  } finally {
    rmSync(mine, { force: true });
  }
}

/** The first line of a file; what V8 has made begins after it, at a multiple of `alignment` bytes. */
interface Header {
  readonly commands: readonly string[];
  /** of what V8 has made, which itself doesn't look whether that is whole */
  readonly sha256: string;
}

const alignment = 64;

function aligned(length: number): number {
  return Math.ceil(length / alignment) * alignment;
}

function sumOf(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

const longAgo = 30 * 24 * 60 * 60 * 1000;

function removeOld(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (name.endsWith(ending) && Date.now() - lstatSync(path).mtimeMs > longAgo)
      rmSync(path, { force: true });
  }
}
