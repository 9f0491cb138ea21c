import type { Problem } from '../../model/operator-error.ts';
import type { SshTarget } from '../target.ts';

/** How sudo ended without starting the command. */
export interface SudoFailure {
  readonly code: number;
  /** see wordsOf */
  readonly said: string;
  readonly passwordSent: boolean;
}

/** More lines than this come from a login script. */
const mostLines = 12;

/**
 * sudo's words without noise: a failure to resolve its own host's name is harmless, and everyone knows the
 * lecture. Our command, which sudo repeats in full, is left out.
 */
export function wordsOf(stderr: string): string {
  const lines = stderr
    .split(/\r?\n/)
    .map((line) => line.replace(/(execute|run) '?\S*sh -c .*?(?=(?: as \S+)? on \S+$)/, "$1 'sh -c ...'"))
    .filter((line) => line.trim() !== '' && !/^sudo: unable to resolve host /.test(line));
  const aboutSudo = lines.filter(
    (line) => /sudo|doas|pam|password|account|sorry, user/i.test(line) && !isLecture(line),
  );
  return (aboutSudo.length > 0 ? aboutSudo : lines).slice(-mostLines).join('\n');
}

/** sudoers_lecture(5) */
function isLecture(line: string): boolean {
  return /We trust you have|the usual lecture|^\s*#[1-3]\) |For security reasons, the password/.test(line);
}

/**
 * What sudo's words mean; undefined if it said nothing, so that the cause lies elsewhere. The words are those
 * of sudo 1.8 and 1.9 (logging.c, check.c and auth/pam.c of plugins/sudoers), sudo-rs 0.2 (common/error.rs,
 * pam/error.rs) and doas(1), for which some distributions install a `sudo` that calls it.
 */
export function sudoProblem(target: SshTarget, failure: SudoFailure): Problem | undefined {
  const { code, said, passwordSent } = failure;
  const says = (pattern: RegExp) => pattern.test(said);
  const detail = said === '' ? undefined : said;
  if ((code === 127 || code === 126) && !says(/^sudo: /m)) {
    // env(1) can't find sudo, or can't run it; or the shell found no env, or ran nothing at all.
    if (!says(namesSudo)) return loginShell(target, code, detail);
    return code === 127 ? missing(detail) : refused(target, detail);
  }
  if (says(/must have a tty/)) return terminal(target, detail);
  if (
    says(/not in the sudoers file|not allowed to run sudo|may not run sudo|I'm afraid I can't do that/) ||
    says(/^doas: Operation not permitted/im)
  ) {
    return refused(target, detail);
  }
  if (says(/is not allowed to execute |^Sorry, user \S+ may not run /m)) return limited(target, detail);
  if (
    says(/Account or password is expired|[Pp]assword expired|Account expired|account validation failure/i) ||
    says(/PAM account management error|not allowed to authenticate as/)
  ) {
    return account(target, detail);
  }
  if (passwordSent) return wrongPassword(target, detail);
  if (
    says(/password is required|no password was provided|terminal is required/i) ||
    says(/interactive authentication is required|Interaction is required|Authentication required/i)
  ) {
    return passwordAsked(target, detail);
  }
  return says(/^(sudo|doas)\b|sudoers|\bsudo\b.*(setuid|uid 0)/m) ? broken(code, detail) : undefined;
}

/**
 * `env: 'sudo': No such file or directory`, with the quotes of any language, of which each byte is a
 * character here; `sh: 1: sudo: not found`
 */
const namesSudo = /(?:^|[^\w./-])sudo[^\w\s./-]{0,3} ?:/m;

function loginShell(target: SshTarget, code: number, detail: string | undefined): Problem {
  return {
    code: 'login-shell',
    message: `the login shell of ${target.user} ended with exit status ${code} before it ran sudo`,
    next: `check on the host with \`getent passwd ${target.user}\` which shell that is: it has to run commands such as \`env LC_ALL=C sudo -n true\`, and a restricted shell, or a ForceCommand in sshd_config, does not`,
    detail,
  };
}

function missing(detail: string | undefined): Problem {
  return {
    code: 'sudo-missing',
    message: 'sudo is not installed',
    next: 'install it, or log in as root and remove `become: sudo`',
    detail,
  };
}

function passwordAsked(target: SshTarget, detail: string | undefined): Problem {
  return {
    code: 'sudo-password',
    message: `sudo asks for the password of ${target.user}, and the inventory has none`,
    next: `set ssh.sudo_password in the inventory, or let sudo not ask: ${line(target)}. sudo also asks users who are not allowed to run anything`,
    detail,
  };
}

function wrongPassword(target: SshTarget, detail: string | undefined): Problem {
  return {
    code: 'sudo-password-refused',
    message: `sudo refuses the password for ${target.user} from ssh.sudo_password`,
    next: 'fix what ssh.sudo_password refers to. The password was tried once and is not tried again in this run, so that no account is locked. Check whether sudo wants root\'s password instead ("rootpw", "targetpw" in sudoers)',
    detail,
  };
}

/** Checked before the password is sent. */
export function passwordUnusable(): Problem {
  return {
    code: 'sudo-password-refused',
    message:
      'ssh.sudo_password does not refer to a usable password: it is empty, has several lines, or is too long',
    next: 'fix what it refers to; sudo reads one line of at most 255 bytes. It was not sent',
  };
}

function terminal(target: SshTarget, detail: string | undefined): Problem {
  return {
    code: 'sudo-terminal',
    message: 'sudo requires a terminal (requiretty in sudoers), which a program does not have',
    next: `lift requiretty for this user: \`Defaults:${target.user} !requiretty\` in a file below /etc/sudoers.d (visudo -f)`,
    detail,
  };
}

function refused(target: SshTarget, detail: string | undefined): Problem {
  return {
    code: 'sudo-refused',
    message: `${target.user} may not use sudo there`,
    next: `allow it: ${line(target)}, or log in as root`,
    detail,
  };
}

export function limited(target: SshTarget, detail: string | undefined): Problem {
  return {
    code: 'sudo-limited',
    message: `sudo lets ${target.user} run only some commands, and \`sh\` as root is not one of them`,
    next: `allow it: ${line(target)}, or log in as root. The commands for a host can't be listed in advance; docs/connections.md explains what that means`,
    detail,
  };
}

/**
 * Of the rules that `sudo -l` prints, in their order: one for root allows everything without a password, and
 * a later one asks for it after all, since the last one that matches counts (sudoers(5)). Undefined where
 * that isn't so.
 */
export function overruled(target: SshTarget, rules: readonly string[]): Problem | undefined {
  const all = rules.filter((rule) => /^\((?:ALL|root)\b/.test(rule) && /[ ,]ALL$/.test(rule));
  const [last = ''] = all.slice(-1);
  if (/\bNOPASSWD:/.test(last) || !all.some((rule) => /\bNOPASSWD: ALL$/.test(rule))) return undefined;
  return {
    code: 'sudo-password',
    message: `sudo asks for the password of ${target.user}, and the inventory has none: the rule \`${last}\` overrules the one with NOPASSWD, because it comes later`,
    next: 'put the rule with NOPASSWD into a file below /etc/sudoers.d whose name sorts last, such as zz-clusterproxy (visudo -f), or set ssh.sudo_password in the inventory',
    detail: rules.join('\n'),
  };
}

function account(target: SshTarget, detail: string | undefined): Problem {
  return {
    code: 'sudo-account',
    message: `sudo reports the account of ${target.user} as expired, locked or denied`,
    next: `check \`chage -l ${target.user}\` on the host, and the "account" section of PAM for sudo`,
    detail,
  };
}

function broken(code: number, detail: string | undefined): Problem {
  return {
    code: 'sudo-failed',
    message: `sudo failed (exit status ${code})`,
    next: 'log in there and try `sudo sh -c true`; `visudo -c` finds mistakes in sudoers',
    detail,
  };
}

export function unanswered(target: SshTarget, seconds: number, said: string): Problem {
  return {
    code: 'sudo-unanswered',
    message: `sudo did not start anything for ${target.user} within ${seconds} seconds, and did not ask for the password either`,
    next: "log in there and try `sudo -k; sudo true`: name resolution and directories (LDAP) can be slow, and PAM may ask for something else (a one-time code), which a program can't answer",
    detail: wordsOf(said) === '' ? undefined : wordsOf(said),
  };
}

/** sudoers(5); see docs/connections.md. */
function line({ user }: SshTarget): string {
  return `\`${user} ALL=(root) NOPASSWD: ALL\` in a file below /etc/sudoers.d (visudo -f)`;
}

/** The list that `sudo -l` prints: lines such as `    (root) NOPASSWD: /usr/bin/systemctl`. */
export function allowedCommands(list: string): readonly string[] {
  return list
    .split(/\r?\n/)
    .filter((text) => /^\s+\(.*\)\s/.test(text))
    .map((text) => text.trim())
    .slice(0, mostLines);
}
