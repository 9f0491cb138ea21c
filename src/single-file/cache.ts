import { existsSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

/**
 * The folder below which this account keeps what can be made anew (XDG Base Directory Specification). With
 * sudo, the home may be somebody else's: nothing of root's is to be left there, so then it is undefined.
 */
export function cacheOfAccount({
  uid,
  variables,
  home,
}: {
  readonly uid: number;
  readonly variables: NodeJS.ProcessEnv;
  readonly home: () => string;
}): string | undefined {
  try {
    const { XDG_CACHE_HOME: named = '' } = variables;
    const base = isAbsolute(named) ? named : join(home(), '.cache');
    const { uid: owner } = statSync(existsSync(base) ? base : home());
    return owner === uid ? join(base, 'clusterproxy') : undefined;
  } catch {
    return undefined;
  }
}
