/** The names under which sshd keeps its keys: sshd_config(5), HostKey. */
const files: readonly (readonly [type: RegExp, name: string])[] = [
  [/^ssh-ed25519/, 'ed25519'],
  [/^ecdsa-/, 'ecdsa'],
  [/^(?:ssh-rsa|rsa-)/, 'rsa'],
];

/** The command that prints the fingerprints of a host's keys of these types, on the host itself. */
export function howToPrint(types: readonly string[]): string {
  const names = new Set(types.map((type) => files.find(([pattern]) => pattern.test(type))?.[1]));
  const [name] = names;
  return names.size === 1 && name !== undefined
    ? `ssh-keygen -lf /etc/ssh/ssh_host_${name}_key.pub`
    : 'for key in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf "$key"; done';
}
