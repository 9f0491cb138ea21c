import { type HaproxyLine, readSections } from '../../formats/haproxy.ts';
import type { Relayed } from '../relay/paths-check.ts';

/** A path that one of our backends answers. */
export interface Route extends Relayed {
  readonly backend: string;
}

/** What the backends of a node's block answer, as they were written: the blocks are all that says so. */
export function routesOf(block: string): readonly Route[] {
  return readSections(block).flatMap(({ name: backend, lines }) =>
    lines.flatMap(({ name, args: [acl = '', kind, path] }) => {
      const [, number] = /^is_path(\d+)$/.exec(acl) ?? [];
      if (name !== 'acl' || kind !== 'path_beg' || number === undefined || path === undefined) return [];
      return [{ backend, path, target: targetOf(lines, number) ?? path }];
    }),
  );
}

/** The servers to which a node's requests are passed. */
export function passedTo(block: string): readonly string[] {
  return readSections(block).flatMap(({ lines }) =>
    lines
      .filter(({ name }) => name === 'server')
      .map(({ args: [, address = '', ...rest] }) => {
        const scheme = rest.includes('ssl') ? 'https' : 'http';
        return `${scheme}://${address.replace(scheme === 'https' ? /:443$/ : /:80$/, '')}`;
      }),
  );
}

/** `http-request replace-path ^/path(.*)$ /target\1 if { var(txn.clusterproxy_relay) -m int 2 }` */
function targetOf(lines: readonly HaproxyLine[], number: string): string | undefined {
  const line = lines.find(
    ({ name, args }) => name === 'http-request' && args[0] === 'replace-path' && args.at(-2) === number,
  );
  return line?.args[2]?.replace(/\\1$/, '');
}
