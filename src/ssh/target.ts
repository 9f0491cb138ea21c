/** Where a host's sshd is, who logs in there, and by which keys both sides are known. */
export interface SshTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** commands run as root through sudo(8), which must not ask for a password */
  readonly become: 'sudo' | undefined;
  /** private keys tried before those of the agent; none: the usual ones in ~/.ssh, after those of the agent */
  readonly identityFiles: readonly string[];
  /** fingerprints (`SHA256:…`) pinned in the inventory; where there are any, no other key is accepted */
  readonly hostKeys: readonly string[];
  readonly knownHostsFiles: readonly string[];
  /** from the first packet to the end of authentication; seconds */
  readonly connectTimeout: number;
}

/** `user@address:port`, for messages. */
export function describeTarget(target: SshTarget): string {
  return `${target.user}@${addressOf(target)}`;
}

export function addressOf(target: { readonly host: string; readonly port: number }): string {
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  return `${host}:${target.port}`;
}
