import type { KeyedFormat } from '../../formats/keyed-format.ts';
import { findServers, insertInclude, removeInclude, type Server } from '../../formats/nginx.ts';

/**
 * An `include` line in the server blocks of a name. Key: the server name and the path. If there are several
 * blocks, the first has it.
 */
export const nginxIncludeLine: KeyedFormat = {
  name: 'nginx-include',
  get: (text, [name = '', path = '']) =>
    serversNamed(text, name).some((server) => includes(text, server, path)) ? path : undefined,
  set: (text, [name = '', path = '']) => {
    const [server] = serversNamed(text, name);
    return server === undefined ? text : insertInclude(text, server.directive, path);
  },
  remove: (text, key) => {
    const [name = '', path = ''] = key;
    const server = serversNamed(text, name).find((one) => includes(text, one, path));
    if (server === undefined) return text;
    return nginxIncludeLine.remove(removeInclude(text, server.directive, path), key);
  },
};

function serversNamed(text: string, name: string): readonly Server[] {
  return findServers(text).filter(({ serverNames }) => namesInclude(serverNames, name));
}

/** As nginx compares names of servers: regardless of case, and `.example.com` has `example.com`. */
export function namesInclude(names: readonly string[], wanted: string): boolean {
  const name = wanted.toLowerCase();
  return names.some((one) => one.toLowerCase() === name || one.toLowerCase() === `.${name}`);
}

function includes(text: string, server: Server, path: string): boolean {
  return removeInclude(text, server.directive, path) !== text;
}
