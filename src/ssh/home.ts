import { homedir } from 'node:os';

/**
 * The local user's home. A user id without an entry in passwd(5) has none, which is usual in containers: then it's a
 * folder that isn't there, so that nothing is found in it.
 */
export function home(): string {
  try {
    return homedir();
  } catch {
    return '/nonexistent';
  }
}
