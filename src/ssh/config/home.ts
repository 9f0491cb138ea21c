import { homedir, userInfo } from 'node:os';

/**
 * The local user's home as ssh(1) determines it: from passwd(5), regardless of HOME. In containers a user id
 * often has no entry there: then it is HOME, or else a folder that doesn't exist, so that nothing is found in
 * it.
 */
export function home(): string {
  try {
    return userInfo().homedir;
  } catch {
    try {
      return homedir();
    } catch {
      return '/nonexistent';
    }
  }
}
