import { createPrivateKey, sign } from 'node:crypto';
import type { ParsedKey } from 'ssh2';

/** The hash that ssh2 takes where it isn't told one; an Ed25519 key has its own (RFC 8032). */
const usualHashes: ReadonlyMap<string, string | undefined> = new Map([
  ['ssh-ed25519', undefined],
  ['ssh-rsa', 'sha1'],
  ['ecdsa-sha2-nistp256', 'sha256'],
  ['ecdsa-sha2-nistp384', 'sha384'],
  ['ecdsa-sha2-nistp521', 'sha512'],
]);

/**
 * The key, which signs the same as before, but is read once instead of for each signature: ssh2 1.17.0 hands
 * its text to OpenSSL on every login, which takes longer than the signature. A key of another type, or one
 * that OpenSSL doesn't read, stays as it is.
 */
export function readOnce(key: ParsedKey): ParsedKey {
  if (!usualHashes.has(key.type)) return key;
  try {
    const secret = createPrivateKey(key.getPrivatePEM());
    key.sign = ((data: Buffer, hash?: string) => {
      try {
        return sign(hash ?? usualHashes.get(key.type), data, secret);
      } catch (error) {
        return error;
      }
    }) as ParsedKey['sign'];
  } catch {
    // Whoever signs with it is told why that fails.
  }
  return key;
}
