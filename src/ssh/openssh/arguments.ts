import { OperatorError } from '../../model/operator-error.ts';
import { describeTarget, type SshTarget } from '../target.ts';

/** What a login needs besides its target. All paths are our own or absolute. */
export interface LoginOptions {
  /** where to create the control socket */
  readonly socket: string;
  /** control socket of a login on the last host before this one, through which this login goes */
  readonly jump?: string | undefined;
  /** known_hosts files in place of the target's, and a program that adds to them; for pinned fingerprints */
  readonly pinned?: Pinned | undefined;
  /** socket of the agent to use in place of the operator's */
  readonly agent?: string | undefined;
  /** something answers what ssh asks */
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
 * Arguments of ssh(1) for a persistent login: a control master without a command of its own. ssh reads the
 * operator's configuration for this name as usual, but the inventory and `resolveTarget` take precedence, and
 * nothing in it may weaken the host key check, run programs on this machine, forward anything or prompt a
 * person.
 *
 * All options set here exist since OpenSSH 7.4; see ssh_config(5).
 */
export function loginArguments(target: SshTarget, login: LoginOptions): readonly string[] {
  refuseOptions(target);
  const knownHosts = login.pinned ? [login.pinned.knownHosts] : target.knownHostsFiles;
  return [
    ...configuration(target),
    ...['-M', '-N', '-n', '-T', '-x', '-a', '-S', login.socket],
    ...['-l', target.user, '-p', String(target.port)],
    // Not -i: it ignores a file that doesn't exist and then tries the default ones.
    ...(target.identitiesNamed ? target.identityFiles : []).flatMap((file) =>
      options({ IdentityFile: word(file) }),
    ),
    ...options({
      HostName: literal(target.host),
      ...way(target, login),
      // Host identity.
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
      // Authentication.
      BatchMode: login.answers ? 'no' : 'yes',
      NumberOfPasswordPrompts: '1',
      ...(login.agent !== undefined && { IdentityAgent: login.agent }),
      AddKeysToAgent: 'no',
      // Timeouts.
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
 * Arguments of ssh(1) for a command over an existing login. Without any configuration, and never with a
 * connection of its own, which ssh would open if the control socket were gone.
 */
export function commandArguments(socket: string, log: string, command: string): readonly string[] {
  return [...client(socket), ...options({ LogLevel: 'DEBUG2' }), '-E', log, '--', 'host', command];
}

/**
 * A value of ProxyCommand, for the operator's shell: through a login on a host that can reach the other one.
 */
export function throughLogin(socket: string, target: SshTarget): string {
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  const args = [...client(socket), ...options({ LogLevel: 'ERROR' }), '-W', `${host}:${target.port}`];
  const words = ['ssh', ...args, '--', 'host'].map((argument) => quoted(literal(argument)));
  // ssh itself puts `exec` in front.
  return words.join(' ');
}

function client(socket: string): readonly string[] {
  const direct = options({ ControlMaster: 'no', ProxyCommand: 'false', EscapeChar: 'none' });
  return ['-F', '/dev/null', '-S', socket, '-T', '-x', '-a', ...direct];
}

/** `none`: no configuration at all. ssh(1) has always accepted this file for it; `none` came later. */
function configuration(target: SshTarget): readonly string[] {
  if (target.config === undefined) return [];
  return ['-F', target.config === 'none' ? '/dev/null' : target.config];
}

/** A ProxyCommand that is set first disables a ProxyJump of the configuration: ssh_config(5). */
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

/** One of several values of an option. ssh_config(5) has no way to write a double quote inside quotes. */
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
 * Refuses what ssh(1) would read as an option, or the operator's shell (ProxyCommand with `%h`) as more than
 * one word.
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
      message: `${JSON.stringify(value)} is not a valid ${what} name for ssh (${describeTarget(target)})`,
      next: 'use letters, digits, dots, hyphens and colons, and do not begin with a hyphen',
    });
  }
}
