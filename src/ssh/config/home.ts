import { homedir, userInfo } from 'node:os';

/**
 * The local user's home as ssh(1) knows it: that of passwd(5), whatever HOME says. A user id without an entry
 * there is usual in containers: then HOME counts, else a folder that isn't there, so that nothing is found in
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
