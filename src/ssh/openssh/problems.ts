import type { Problem } from '../../model/operator-error.ts';
import { heard } from '../../secrets/showable.ts';
import { acceptedButMore, authenticationProblem, refusedByServer, tooLate } from '../connect-problems.ts';
import type { KnownKeys } from '../host-keys/host-keys.ts';
import { addressOf, type SshTarget } from '../target.ts';
import { turnedAway } from '../turned-away.ts';
import { hostKeyProblem } from './host-key-problem.ts';
import { type LoginLog, lastWords } from './log.ts';

/** What is known about a failed login besides its log. */
export interface LoginFailure {
  readonly log: LoginLog;
  readonly known: KnownKeys;
  /** what was tried on our side (locked keys, a given password), one line each */
  readonly tried: readonly string[];
  /** encrypted keys that could not be opened */
  readonly locked: readonly string[];
  /** a password was available; questions that it didn't answer, or that were asked after it was used */
  readonly password?: { readonly askedFor: readonly string[] } | undefined;
  /** the output of the login on the jump host, which other hosts share */
  readonly jumpSaid: readonly string[];
}

/**
 * Why ssh(1) did not log in, with the codes of the other transport. The texts are those of sshconnect.c,
 * sshconnect2.c, kex.c, packet.c, readconf.c and ssh.c of OpenSSH 7.4 to 10.
 */
export function loginProblem(target: SshTarget, failure: LoginFailure): Problem {
  const { log } = failure;
  const words = log.said.join('\n');
  // A host that got this far has shown the right key, and its banner is not mistaken for ssh's words.
  const isPastHostKey = log.methods.length > 0 || log.offered.length > 0;
  return (
    (isPastHostKey ? undefined : configurationProblem(target, log)) ??
    (isPastHostKey ? undefined : hostKeyProblem(target, log, failure.known)) ??
    (isRefusal(words, failure) ? refusedLogin(target, failure) : undefined) ??
    forwardProblem(target, failure, words) ??
    addressProblem(target, words, log) ??
    (log.reached === 'silent' ? turnedAway(target, log.greeting.join('\n')) : undefined) ??
    protocolProblem(target, words, log) ??
    hungUp(target, [...log.greeting, words].join('\n'))
  );
}

/** ssh has none of the requested key types in common with the host. */
export function lacksHostKeyType(log: LoginLog): boolean {
  return log.said.some((line) => /no matching host key type found/.test(line));
}

function configurationProblem(target: SshTarget, { said }: LoginLog): Problem | undefined {
  if (said.some((line) => /^No user exists for uid /.test(line))) {
    return {
      code: 'no-local-user',
      message: 'the local user has no name, so ssh(1) does not start',
      next: 'add an entry for the user id to /etc/passwd, or write `transport: node` below `ssh:` in the inventory',
    };
  }
  const lines = said.filter((line) =>
    /Bad configuration option|bad configuration options|^Bad owner or permissions on|^Can't open user config file|: line \d+: |: no argument after keyword|command-line.*: |^Bad stdio forwarding|^hostname contains invalid characters|^remote username contains invalid characters/.test(
      line,
    ),
  );
  if (lines.length === 0) return undefined;
  return {
    code: 'ssh-config-invalid',
    message: `your ssh configuration can't be used for ${target.name}`,
    next: `fix what \`ssh -G ${target.name}\` reports, or ignore your ssh configuration with \`ssh: {config: none}\` in the inventory`,
    detail: lines.join('\n'),
  };
}

function isRefusal(words: string, { password }: LoginFailure): boolean {
  // The program that supplies the password ends ssh if it is asked again, or for a new password.
  if (password !== undefined && password.askedFor.length > 0) return true;
  return /: Permission denied \(|^Permission denied \(|Too many authentication failures|No supported authentication methods/m.test(
    words,
  );
}

function refusedLogin(target: SshTarget, { log, tried, locked, password }: LoginFailure): Problem {
  const words = log.said.join('\n');
  const methods = /Permission denied \(([^)]*)\)/.exec(words)?.[1]?.split(',') ?? log.methods;
  const complaints = log.said.filter((line) =>
    /^(Load key|sign_and_send_pubkey|.*PRIVATE KEY FILE|Permissions \d+ for)/.test(line),
  );
  const all = [
    ...tried,
    ...complaints.map(heard),
    ...log.offered.map(
      (key) => `${heard(key)}: ${log.accepted.includes(key) ? acceptedButMore : refusedByServer}`,
    ),
    ...(password?.askedFor ?? []).map((question) => `it asked: ${heard(question)}`),
    ...(/^ssh_askpass: exec/m.test(words) ? [notExecutable] : []),
    ...(methods.length === 0 ? [] : [`the server accepts: ${methods.join(', ')}`]),
  ];
  const any = log.offered.length > 0 || password !== undefined;
  const said = /Too many authentication failures/.exec(words)?.[0] ?? '';
  const accepted = log.accepted.length > 0 || log.partly;
  return authenticationProblem(
    target,
    { tried: all, any, locked, accepted, left: methods },
    { banner: '', said },
  );
}

const notExecutable =
  'the password could not be supplied: programs cannot be started from the temporary folder (noexec); set TMPDIR to another folder';

/** Only the login on the jump host is told the reason: RFC 4254, section 5.1, in the words of channels.c. */
function forwardProblem(target: SshTarget, { jumpSaid }: LoginFailure, words: string): Problem | undefined {
  if (!/stdio forwarding/i.test(words)) return undefined;
  const last = target.jumps.at(-1);
  const jump = `the jump host ${last === undefined ? '' : addressOf(last)}`;
  const place = `${target.host}:${target.port}`;
  const reasons = jumpSaid.flatMap((line) => /^channel \d+: open failed: (.*)$/.exec(line)?.[1] ?? []);
  const detail = [...new Set(reasons)].join('\n') || lastWords(words);
  if (reasons.length > 0 && reasons.every((reason) => /prohibited/.test(reason))) {
    return {
      code: 'jump-host-refused',
      message: `${jump} does not allow connections to ${place}`,
      next: 'check AllowTcpForwarding, PermitOpen and DisableForwarding in its sshd_config, and the options of the key in its authorized_keys',
      detail,
    };
  }
  return {
    code: 'unreachable',
    message: `${jump} can't reach ${place}`,
    next: 'log in on the jump host, and check that the host is up and that its name resolves there',
    detail,
  };
}

function addressProblem(target: SshTarget, words: string, log: LoginLog): Problem | undefined {
  const where = addressOf(target);
  const unresolved = /^ssh: Could not resolve hostname (.+): (.*)$/m.exec(words);
  if (unresolved !== null) {
    return {
      code: 'unreachable',
      message: `the name ${target.host} doesn't resolve on this machine`,
      next: 'check the spelling, or set `ssh.address` for the host in the inventory',
      detail: unresolved[0],
    };
  }
  const timedOut =
    /(Connection|Operation) timed out|timed out during banner exchange|^Connection to .* timed out/m;
  const failed = /^ssh: connect to host .* port \S+: (.*)$/m.exec(words);
  if (timedOut.test(failed?.[1] ?? words)) return tooLate(target, log.reached);
  if (failed === null) return undefined;
  if (/refused/i.test(failed[1] ?? '')) {
    return {
      code: 'unreachable',
      message: `${where} refuses connections`,
      next: 'check that sshd is running there and listens on this port, or set `ssh.port` in the inventory',
      detail: failed[0],
    };
  }
  return {
    code: 'unreachable',
    message: `${where} can't be reached (${heard(failed[1] ?? '')})`,
    next: 'check the network and the firewalls between here and there',
    detail: failed[0],
  };
}

function protocolProblem(target: SshTarget, words: string, log: LoginLog): Problem | undefined {
  const offer = /no matching (.+) found\. Their offer: (.+)/.exec(words);
  if (offer !== null) {
    return {
      code: 'no-common-algorithm',
      message: `${addressOf(target)} offers only ${heard(offer[2] ?? '')} as ${offer[1]}, and none of them is accepted here`,
      next: 'update its OpenSSH (7.0 or later has stronger algorithms), or remove the lines KexAlgorithms, Ciphers, MACs and HostKeyAlgorithms from its sshd_config. If neither is possible, allow the weak algorithm for this host in your ssh configuration',
      detail: lastWords(words),
    };
  }
  const strange =
    /^(.*(?:Bad remote protocol version|banner line|invalid format|Bad packet length|message authentication code incorrect|Corrupted|Protocol major versions differ|incorrect signature|Bad server host key|invalid protocol identifier|Server host key .* not in HostKeyAlgorithms|Invalid key length).*)$/m.exec(
      words,
    )?.[1];
  if (strange === undefined && log.reached === 'silent' && log.greeting.length > 0) {
    return {
      code: 'ssh-protocol',
      message: `the service at ${addressOf(target)} is not an SSH server`,
      next: 'set `ssh.port` in the inventory to the port of its sshd',
      detail: log.greeting.slice(0, 3).join('\n'),
    };
  }
  if (strange === undefined) return undefined;
  return {
    code: 'ssh-protocol',
    message: `${addressOf(target)} and ssh could not agree on a protocol: ${heard(strange)}`,
    next: 'check that this is an sshd, of OpenSSH 7.0 or later',
    detail: lastWords(words),
  };
}

function hungUp(target: SshTarget, words: string): Problem {
  const command =
    target.proxyCommand === undefined
      ? ''
      : `; try the ProxyCommand of your ssh configuration: \`ssh -v ${target.name}\``;
  return {
    code: 'connection-lost',
    message: `${addressOf(target)} closed the connection before the login was complete`,
    next: `too many logins at once can exceed MaxStartups in its sshd_config; fail2ban or a firewall may also have blocked this machine${command}`,
    detail: lastWords(words),
  };
}

export function noProgram(target: SshTarget): Problem {
  return {
    code: 'ssh-missing',
    message: `this machine has no ssh program, which is needed to reach ${target.name} (${target.transportReason})`,
    next: 'install the OpenSSH client (Debian, Ubuntu: openssh-client), or write `transport: node` below `ssh:` in the inventory',
  };
}

export function notStartable(reason: string): Problem {
  return {
    code: 'ssh-missing',
    message: 'this machine cannot start the ssh program',
    next: 'check `ulimit -n` and `ulimit -u`, or reach fewer hosts at once with --parallel N',
    detail: reason,
  };
}

export function tooOld(target: SshTarget): Problem {
  return {
    code: 'ssh-too-old',
    message: `this machine's ssh is too old to read a host's key or to compare it with a fingerprint (${target.name})`,
    next: 'update it to OpenSSH 8.5 or later, or put the key itself into known_hosts and remove ssh.host_keys',
  };
}
