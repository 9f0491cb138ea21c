import type { Problem } from '../model/operator-error.ts';
import { addressOf, type SshTarget } from './target.ts';

/**
 * sshd's only words to a connection that it drops before it says who it is (drop_connection() in sshd.c of
 * OpenSSH): at random with many logins at once, or because of earlier connections from the same address.
 */
const lastWords = /^(?:Exceeded MaxStartups|Not allowed at this time)/m;

/** The problem of a connection that sshd dropped with these words; undefined for any other greeting. */
export function turnedAway(target: SshTarget, greeting: string): Problem | undefined {
  const [words] = lastWords.exec(greeting) ?? [];
  if (words === undefined) return undefined;
  const message = `${addressOf(target)} dropped the connection. In sshd's words: ${words}`;
  if (words.startsWith('Exceeded')) {
    return {
      code: 'connection-lost',
      message,
      next: 'too many logins at once exceed MaxStartups in its sshd_config: run the command again, with a smaller --parallel if this goes on',
    };
  }
  return {
    code: 'source-penalty',
    message,
    next: 'connections from this machine failed there before, so sshd refuses all of them for a while (PerSourcePenalties in sshd_config, OpenSSH 9.8 and later). Wait a few minutes without connecting, then run the command again. `journalctl -u ssh` on the host says what the penalties are for, and PerSourcePenaltyExemptList exempts an address',
  };
}
