import type { Algorithms, ServerHostKeyAlgorithm } from 'ssh2';

/**
 * The algorithms offered to a server: no SHA-1, no CBC and no Diffie-Hellman group exchange, which is
 * computed in JavaScript's only thread and would block all other connections for seconds. OpenSSH 7.0 (2015)
 * and later support some of each.
 */
export const transport = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
  ],
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'chacha20-poly1305@openssh.com',
    'aes128-ctr',
    'aes256-ctr',
  ],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
} as const satisfies Algorithms;

/** Kinds of host keys, in the order in which they are requested when nothing is known about the host. */
export const hostKeyFamilies: readonly (readonly ServerHostKeyAlgorithm[])[] = [
  ['ssh-ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  ['rsa-sha2-512', 'rsa-sha2-256'],
];

/**
 * Signature algorithms in order: those of the known key types first. The others follow, so that a host that
 * lost its known key can be told apart from one with which no connection is possible.
 */
export function hostKeyAlgorithms(knownTypes: readonly string[]): ServerHostKeyAlgorithm[] {
  const known = new Set(
    knownTypes.flatMap((type) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type])),
  );
  const all = hostKeyFamilies.flat();
  return [...all.filter((name) => known.has(name)), ...all.filter((name) => !known.has(name))];
}
