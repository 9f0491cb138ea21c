import { OperatorError } from '../../model/operator-error.ts';
import { fingerprint, keyType } from '../../ssh/host-keys/known-hosts.ts';

/** The fingerprint of a public key as the file of a host has it: `ssh-ed25519 AAAA… comment`. */
export function fingerprintOfKey(text: string): string | undefined {
  const [type = '', encoded = ''] = text.trim().split(/\s+/);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return undefined;
  const key = Buffer.from(encoded, 'base64');
  return key.length > 4 && keyType(key) === type ? fingerprint(key) : undefined;
}

/** The keys that came with a machine, as fingerprints. Throws an OperatorError `usage`. */
export function givenKeys({
  fingerprints,
  hostKeys,
}: {
  readonly fingerprints: readonly string[];
  readonly hostKeys: readonly string[];
}): readonly string[] {
  const wrong = fingerprints.find((one) => !/^SHA256:[A-Za-z0-9+/]{43}$/.test(one));
  if (wrong !== undefined) {
    throw new OperatorError({
      code: 'usage',
      message: `--fingerprint ${wrong} is not a SHA-256 fingerprint: SHA256: and 43 base64 characters`,
      next: 'print it on the host: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub',
    });
  }
  const printed = hostKeys.map((key) => {
    const one = fingerprintOfKey(key);
    if (one !== undefined) return one;
    throw new OperatorError({
      code: 'usage',
      message: `--host-key '${key}' is not a public key`,
      next: "give it as in /etc/ssh/ssh_host_ed25519_key.pub of the host, in quotes: --host-key 'ssh-ed25519 AAAA...'",
    });
  });
  return [...new Set([...fingerprints, ...printed])];
}
