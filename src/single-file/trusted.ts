import { lstatSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';

/** Who may own what is trusted, beside root. */
export interface Account {
  readonly uid: number;
}

/**
 * Whether nobody but root and that account can put anything into a folder or in its place: each folder on the
 * way to it, links followed, is theirs, and nobody else may write it, unless it is sticky, as /tmp is.
 */
export function isTrusted(folder: string, { uid }: Account): boolean {
  try {
    for (let path = realpathSync(folder); ; path = dirname(path)) {
      const found = lstatSync(path);
      const isTheirs = found.uid === 0 || found.uid === uid;
      const isOpen = (found.mode & 0o022) !== 0 && (found.mode & 0o1000) === 0;
      if (!found.isDirectory() || !isTheirs || isOpen) return false;
      if (path === dirname(path)) return true;
    }
  } catch {
    return false;
  }
}
