/**
 * What the inventory says of how to reach a host. What it doesn't say comes from the operator's ssh
 * configuration, else from ssh's own defaults; see resolve-target.ts.
 */
export interface SshSettings {
  /** where ssh connects to: an address, a DNS name, or a `Host` of ssh_config(5) */
  readonly host: string;
  /**
   * the host's name in the inventory, where that gives no address of its own: an operator may have it as a
   * `Host`
   */
  readonly alias?: string | undefined;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  /** commands run as root through sudo(8) */
  readonly become?: 'sudo' | undefined;
  /** absolute paths of private keys */
  readonly identityFiles?: readonly string[] | undefined;
  /** fingerprints (`SHA256:…`); where there are any, no other key is accepted */
  readonly hostKeys?: readonly string[] | undefined;
  /** absolute paths; in place of the user's and the system's files */
  readonly knownHostsFiles?: readonly string[] | undefined;
  /** from the first packet to the end of authentication; seconds */
  readonly connectTimeout?: number | undefined;
  /** who talks to the host: ssh2, the system's ssh(1), or whichever the host needs; auto */
  readonly transport?: 'auto' | Transport | undefined;
  /**
   * absolute path of the ssh configuration to use in place of the operator's; `none`: the inventory alone
   * counts
   */
  readonly config?: string | undefined;
  /**
   * hosts to go through, as ProxyJump of ssh_config(5) has them; `none`: directly, whatever the configuration
   * says
   */
  readonly proxyJump?: string | undefined;
  readonly password?: SecretText | undefined;
  /** of encrypted private keys */
  readonly passphrase?: SecretText | undefined;
  readonly sudoPassword?: SecretText | undefined;
}

/** `node`: ssh2, in this process. `openssh`: the system's ssh(1). */
export type Transport = 'node' | 'openssh';

/**
 * A secret, fetched when it's needed and at most once per run. Throws an OperatorError where it can't be had.
 */
export type SecretText = () => Promise<string>;
