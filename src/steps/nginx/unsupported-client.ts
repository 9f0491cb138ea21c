import type { Refusal } from '../shared/understand.ts';

/**
 * A form of location that can't be put under a prefix. In a package's own file it is no mistake: clusterproxy
 * doesn't know this client yet.
 */
export function unsupportedClient(source: string, prefix: string): Refusal {
  return {
    code: 'client-not-supported',
    message: (what) => `clusterproxy can't put this client under ${prefix}: ${what}`,
    next: `if the package brought ${source} like this, this release of the client isn't supported yet: please report it, and leave the host out with --limit until then; if somebody has edited the file (\`dpkg -V\` lists such files), restore the package's own`,
  };
}
