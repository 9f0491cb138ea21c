import { scryptSync } from 'node:crypto';

/** What hashes by scrypt begin with, so that they can be told from those by sha256. */
const mark = 'scrypt:';

/**
 * N = 4096, r = 8 (RFC 7914): some 10 ms and 4 MB for each guess. Little enough that a check of many hosts
 * doesn't wait, thousands of times as much as a sha256; it only has to hold where root's own files on a host
 * leak, such as by a backup.
 */
const cost = { N: 4096, r: 8, p: 1 } as const;

/** Hosts mostly get the same values. */
const known = new Map<string, string>();

/**
 * A hash for what holds a secret: a short password could be found from a plain one by trying. `place` is the
 * salt, so that the same password at two places isn't seen to be one; it's always the same, so that two
 * hashes can be compared.
 */
export function slowHash(content: Buffer | string, place: string): string {
  const id = `${place}\u0000${typeof content === 'string' ? content : content.toString('latin1')}`;
  const hash =
    known.get(id) ?? mark + scryptSync(content, `clusterproxy\u0000${place}`, 32, cost).toString('hex');
  known.set(id, hash);
  return hash;
}

export function isSlowHash(hash: string | undefined): boolean {
  return hash?.startsWith(mark) === true;
}
