import { scryptSync } from 'node:crypto';

/** The prefix of scrypt hashes, which tells them from sha256 hashes. */
const mark = 'scrypt:';

/**
 * N = 4096, r = 8 (RFC 7914): about 10 ms and 4 MB for each guess. That is cheap enough not to delay a check
 * of many hosts, but thousands of times the cost of sha256; it only matters if root's own files on a host
 * leak, for example through a backup.
 */
const cost = { N: 4096, r: 8, p: 1 } as const;

/** A cache, since most hosts get the same values. */
const known = new Map<string, string>();

/**
 * A hash for values that contain a secret: a short password could be found from a plain hash by trying.
 * `place` is the salt, so that the same password in two places can't be recognized; it is always the same, so
 * that two hashes can be compared.
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
