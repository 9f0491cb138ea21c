import { hostname, userInfo } from 'node:os';

/** Who runs this program, and on which machine: for the records on the hosts. */
export function operatorHere(): { readonly operator: string; readonly from: string } {
  return { operator: operatorName(), from: hostname() };
}

/** For the records on the hosts; in a container a user id may have no name. */
function operatorName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
