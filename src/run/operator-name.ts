import { userInfo } from 'node:os';

/** For the records on the hosts; in a container a user id may have no name. */
export function operatorName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
