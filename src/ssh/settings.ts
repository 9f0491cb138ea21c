/**
 * What the inventory says about how to reach a host. The rest comes from the operator's ssh configuration,
 * else from ssh's own defaults; see resolve-target.ts.
 */
export interface SshSettings {
  /** where ssh connects to: an address, a DNS name, or a `Host` of ssh_config(5) */
  readonly host: string;
  /**
   * the host's name in the inventory, if that gives no address of its own: an operator may have it as a
   * `Host`
   */
  readonly alias?: string | undefined;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  /** run commands as root through sudo(8) */
  readonly become?: 'sudo' | undefined;
  /** absolute paths of private keys */
  readonly identityFiles?: readonly string[] | undefined;
  /** fingerprints (`SHA256:…`); if there are any, no other key is accepted */
  readonly hostKeys?: readonly string[] | undefined;
  /** absolute paths, in place of the user's and the system's files */
  readonly knownHostsFiles?: readonly string[] | undefined;
  /** from the first packet to the end of authentication; seconds */
  readonly connectTimeout?: number | undefined;
  /**
   * what connects to the host: ssh2, the system's ssh(1), or (auto, the default) the one that the host needs
   */
  readonly transport?: 'auto' | Transport | undefined;
  /**
   * absolute path of the ssh configuration to use in place of the operator's; `none`: use the inventory alone
   */
  readonly config?: string | undefined;
  /**
   * jump hosts, in the format of ProxyJump in ssh_config(5); `none`: connect directly, whatever the
   * configuration says
   */
  readonly proxyJump?: string | undefined;
  readonly password?: SecretText | undefined;
  /** for encrypted private keys */
  readonly passphrase?: SecretText | undefined;
  readonly sudoPassword?: SecretText | undefined;
}

/** `node`: ssh2, in this process. `openssh`: the system's ssh(1). */
export type Transport = 'node' | 'openssh';

/**
 * A secret, fetched when it is needed and at most once per run. Throws an OperatorError if it isn't
 * available.
 */
export type SecretText = () => Promise<string>;
