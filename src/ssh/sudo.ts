import { OperatorError, type Problem } from '../model/operator-error.ts';
import type { Connection } from './connection.ts';
import { quote } from './quote.ts';
import type { SshTarget } from './target.ts';

/** A connection whose commands run as root, whichever transport it is of. */
export function asRoot(connection: Connection, target: SshTarget): Connection {
  return {
    async exec(command, input, options) {
      const result = await connection.exec(throughSudo(command), input, options);
      const problem = sudoProblem(target, result.code, result.stderr.toString());
      if (problem !== undefined) throw new OperatorError(problem);
      return result;
    },
    close: () => connection.close(),
  };
}

/**
 * The command as root. `-n`: sudo fails instead of asking, since nobody could answer; `env LC_ALL=C`: its messages are
 * read here, and a login shell may be one without `NAME=value command`.
 */
export function throughSudo(command: string): string {
  return `env LC_ALL=C sudo -n -- sh -c ${quote(command)}`;
}

/** What sudo's own words mean when it didn't start the command; undefined where it did. */
export function sudoProblem(target: SshTarget, code: number | null, stderr: string): Problem | undefined {
  if (code === 0 || code === null) return undefined;
  const words = stderr.split('\n').filter((line) => /sudo/.test(line));
  const said = words.join('\n');
  const detail = said === '' ? undefined : said;
  if (/password is required|no password was provided|a terminal is required/.test(said)) {
    return {
      code: 'sudo-password',
      message: `sudo asks ${target.user} for a password`,
      next: `allow it without one: \`${target.user} ALL=(root) NOPASSWD: ALL\` in a file below /etc/sudoers.d (visudo -f), or log in as root`,
      detail,
    };
  }
  if (/must have a tty/.test(said)) {
    return {
      code: 'sudo-refused',
      message: 'sudo wants a terminal (requiretty)',
      next: `\`Defaults:${target.user} !requiretty\` in a file below /etc/sudoers.d (visudo -f)`,
      detail,
    };
  }
  if (/not in the sudoers file|may not run sudo|is not allowed to (run|execute)/.test(said)) {
    return {
      code: 'sudo-refused',
      message: `${target.user} may not become root through sudo`,
      next: `\`${target.user} ALL=(root) NOPASSWD: ALL\` in a file below /etc/sudoers.d (visudo -f), or log in as root`,
      detail,
    };
  }
  if (code === 127 && /sudo.*(not found|No such file)/.test(said)) {
    return {
      code: 'sudo-missing',
      message: 'sudo is not installed',
      next: 'install it, or log in as root and leave `become: sudo` out',
      detail,
    };
  }
  return undefined;
}
