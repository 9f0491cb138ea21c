import type { SecretText, Transport } from './settings.ts';

/** Where a host's sshd is, how to reach it, which user logs in, and which keys identify both sides. */
export interface SshTarget {
  /** what an operator would type after `ssh`: the name that was looked up in the ssh configuration */
  readonly name: string;
  /** the ssh configuration that was used; `none`: not any; undefined: the operator's own */
  readonly config: string | undefined;
  /** where to connect to: an address or a DNS name */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** AddressFamily and BindAddress of ssh_config(5) */
  readonly addressFamily: 'any' | 'inet' | 'inet6';
  readonly bindAddress: string | undefined;
  /** jump hosts in order from this machine; each has those before it as its own jumps */
  readonly jumps: readonly SshTarget[];
  /** command whose stdin and stdout are the connection; tokens are not expanded */
  readonly proxyCommand: string | undefined;
  /** commands run as root through sudo(8) */
  readonly become: 'sudo' | undefined;
  /**
   * private keys (absolute paths) in the order in which they are tried; before the agent's keys if
   * `identitiesNamed`
   */
  readonly identityFiles: readonly string[];
  /** the inventory or the configuration names the private keys: an unusable one is then mentioned */
  readonly identitiesNamed: boolean;
  /** use only keys of the agent whose public half is in an identity file */
  readonly identitiesOnly: boolean;
  readonly certificateFiles: readonly string[];
  /** socket of the agent */
  readonly agent: string | undefined;
  /** login methods that the configuration allows */
  readonly methods: ReadonlySet<AuthenticationMethod>;
  /** fingerprints (`SHA256:…`) pinned in the inventory; if there are any, no other key is accepted */
  readonly hostKeys: readonly string[];
  /** HostKeyAlias: the host's name in known_hosts, exactly as it is there */
  readonly hostKeyAlias: string | undefined;
  readonly knownHostsFiles: readonly string[];
  /** from the first packet to the end of authentication; seconds */
  readonly connectTimeout: number;
  /** seconds between probes of a silent host, and how many may stay unanswered */
  readonly keepalive: { readonly interval: number; readonly count: number };
  /** options of the ssh configuration that ssh2 doesn't support, by name */
  readonly foreign: readonly string[];
  readonly transport: Transport;
  /** why that transport, worded to follow "because" */
  readonly transportReason: string;
  readonly password: SecretText | undefined;
  readonly passphrase: SecretText | undefined;
  readonly sudoPassword: SecretText | undefined;
}

export type AuthenticationMethod = 'publickey' | 'password' | 'keyboard-interactive' | 'gssapi' | 'hostbased';

/** `user@address:port`, for messages. */
export function describeTarget(target: SshTarget): string {
  return `${target.user}@${addressOf(target)}`;
}

/** `address:port`, and the hosts between, for messages. */
export function addressOf(target: Pick<SshTarget, 'host' | 'port' | 'jumps'>): string {
  const via = target.jumps.map(place).join(', ');
  return via === '' ? place(target) : `${place(target)} (through ${via})`;
}

function place(target: { readonly host: string; readonly port: number }): string {
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  return `${host}:${target.port}`;
}
