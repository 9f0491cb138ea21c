import { OperatorError } from '../../model/operator-error.ts';
import { describeTarget, type SshTarget } from '../target.ts';

/** What a login needs beside its target. All paths are our own or absolute. */
export interface LoginOptions {
  /** where the control socket is to be */
  readonly socket: string;
  /** control socket of a login on the last host before this one; the way there leads through it */
  readonly jump?: string | undefined;
  /**
   * known_hosts files in place of the target's, and a program that knows more; for fingerprints that are
   * pinned
   */
  readonly pinned?: Pinned | undefined;
  /** socket of the agent to ask in place of the operator's */
  readonly agent?: string | undefined;
  /** somebody answers what ssh asks */
  readonly answers: boolean;
  readonly version: OpenSshVersion | undefined;
}

export interface Pinned {
  readonly knownHosts: string;
  /** a value of KnownHostsCommand */
  readonly command: string;
  readonly hostKeyAlgorithms: readonly string[];
}

export interface OpenSshVersion {
  readonly major: number;
  readonly minor: number;
}

/**
 * Arguments of ssh(1) for a login that stays: a control master without a command of its own. The operator's
 * configuration is read for this name as ssh itself would, but what the inventory and `resolveTarget` say
 * comes first, and nothing in it may weaken the check of the host's key, run programs on this machine,
 * forward anything or ask a person.
 *
 * Whatever is set here has been known since OpenSSH 7.4; see ssh_config(5).
 */
export function loginArguments(target: SshTarget, login: LoginOptions): readonly string[] {
  refuseOptions(target);
  const knownHosts = login.pinned ? [login.pinned.knownHosts] : target.knownHostsFiles;
  return [
    ...configuration(target),
    ...['-M', '-N', '-n', '-T', '-x', '-a', '-S', login.socket],
    ...['-l', target.user, '-p', String(target.port)],
    // Not -i: that passes over a file that isn't there, and then tries the usual ones.
    ...(target.identitiesNamed ? target.identityFiles : []).flatMap((file) =>
      options({ IdentityFile: word(file) }),
    ),
    ...options({
      HostName: literal(target.host),
      ...way(target, login),
      // Who the host is.
      StrictHostKeyChecking: 'yes',
      UserKnownHostsFile: knownHosts.length === 0 ? '/dev/null' : knownHosts.map(word).join(' '),
      GlobalKnownHostsFile: '/dev/null',
      ...(login.pinned && {
        KnownHostsCommand: login.pinned.command,
        HostKeyAlgorithms: login.pinned.hostKeyAlgorithms.join(','),
      }),
      CheckHostIP: 'no',
      NoHostAuthenticationForLocalhost: 'no',
      VerifyHostKeyDNS: 'no',
      UpdateHostKeys: 'no',
      FingerprintHash: 'sha256',
      VisualHostKey: 'no',
      // Who logs in.
      BatchMode: login.answers ? 'no' : 'yes',
      NumberOfPasswordPrompts: '1',
      ...(login.agent !== undefined && { IdentityAgent: login.agent }),
      AddKeysToAgent: 'no',
      // How long.
      ConnectTimeout: String(Math.max(1, Math.ceil(target.connectTimeout))),
      ConnectionAttempts: '1',
      ServerAliveInterval: String(target.keepalive.interval),
      ServerAliveCountMax: String(target.keepalive.count),
      // Nothing but commands, and nothing that outlives this process.
      ControlPersist: 'no',
      ClearAllForwardings: 'yes',
      ExitOnForwardFailure: 'no',
      Tunnel: 'no',
      PermitLocalCommand: 'no',
      RemoteCommand: 'none',
      RequestTTY: 'no',
      ...(isAtLeast(login.version, 8, 7) && { ForkAfterAuthentication: 'no' }),
      LogLevel: 'DEBUG1',
    }),
    '--',
    target.name,
  ];
}

/**
 * Arguments of ssh(1) for a command over a login that is there. Without any configuration, and never with a
 * connection of its own: where the control socket is gone, ssh would make one.
 */
export function commandArguments(socket: string, log: string, command: string): readonly string[] {
  return [...client(socket), ...options({ LogLevel: 'DEBUG2' }), '-E', log, '--', 'host', command];
}

/**
 * A value of ProxyCommand: through a login on a host that reaches the other one. For the shell of the
 * operator.
 */
export function throughLogin(socket: string, target: SshTarget): string {
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  const args = [...client(socket), ...options({ LogLevel: 'ERROR' }), '-W', `${host}:${target.port}`];
  const words = ['ssh', ...args, '--', 'host'].map((argument) => quoted(literal(argument)));
  // ssh itself puts `exec` before it.
  return words.join(' ');
}

function client(socket: string): readonly string[] {
  const direct = options({ ControlMaster: 'no', ProxyCommand: 'false', EscapeChar: 'none' });
  return ['-F', '/dev/null', '-S', socket, '-T', '-x', '-a', ...direct];
}

/** `none`: no configuration at all, which ssh(1) has by this file since always and by `none` only later. */
function configuration(target: SshTarget): readonly string[] {
  if (target.config === undefined) return [];
  return ['-F', target.config === 'none' ? '/dev/null' : target.config];
}

/**
 * A ProxyCommand that is set first keeps a ProxyJump of the configuration from having an effect:
 * ssh_config(5).
 */
function way(target: SshTarget, login: LoginOptions): Readonly<Record<string, string>> {
  if (login.jump !== undefined) {
    return { ProxyCommand: throughLogin(login.jump, target), ProxyUseFdpass: 'no' };
  }
  return target.proxyCommand === undefined ? { ProxyCommand: 'none' } : {};
}

function options(values: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(values).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

/** `%` begins a token. */
function literal(value: string): string {
  return value.replaceAll('%', '%%');
}

/** One of several values of an option. ssh_config(5) has no way to write a double quote inside of quotes. */
function word(value: string): string {
  return /[\s"#]/.test(value) ? `"${literal(value)}"` : literal(value);
}

function quoted(argument: string): string {
  return /^[\w./:@%+,=[\]-]+$/.test(argument) && !argument.includes('[')
    ? argument
    : `'${argument.replaceAll("'", "'\\''")}'`;
}

export function isAtLeast(version: OpenSshVersion | undefined, major: number, minor: number): boolean {
  return (
    version !== undefined && (version.major > major || (version.major === major && version.minor >= minor))
  );
}

/**
 * What ssh(1) would read as an option, or a shell of the operator's (ProxyCommand with `%h`) as more than a
 * word.
 */
function refuseOptions(target: SshTarget): void {
  for (const [value, what] of [
    [target.name, 'host'],
    [target.host, 'host'],
    [target.user, 'user'],
  ] as const) {
    if (/^[^-\s][^\s'"`$\\;&<>|(){}*?!]*$/.test(value) && !/[\0-\x1f\x7f]/.test(value)) continue;
    throw new OperatorError({
      code: what === 'host' ? 'invalid-address' : 'invalid-user',
      message: `${JSON.stringify(value)} can't be the name of a ${what} for ssh (${describeTarget(target)})`,
      next: 'letters, digits, dots, hyphens and colons; it may not begin with a hyphen',
    });
  }
}
