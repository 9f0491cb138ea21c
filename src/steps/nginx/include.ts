import { z } from 'zod';
import { findServers, insertInclude, type Server } from '../../formats/nginx.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { absolutePath, hostname } from '../shared/parameters.ts';
import { understand } from '../shared/understand.ts';
import type { StepModule } from '../step-module.ts';
import { nginxIncludeLine } from './include-format.ts';

const parameters = z.strictObject({
  path: z.union([z.literal(''), absolutePath]).describe('the file with the server block'),
  server_name: z.string().default('').describe('its server_name; empty: default_server_name'),
  default_server_name: hostname.describe("the proxy's public name"),
  include: absolutePath.describe(
    'files with the locations; a glob, so that it is not an error if there are none',
  ),
});

type IncludeParameters = z.infer<typeof parameters>;

/**
 * One `include` line in a server block that somebody else maintains; nothing else in the file is touched. Of
 * several blocks with the name, the one with TLS is used, since browsers allow camera and microphone on https
 * pages only.
 */
export const nginxInclude: StepModule<IncludeParameters> = {
  name: 'nginx-include',
  description: "on a proxy: an include line in an operator's server block",
  parameters,
  reads: ({ path }) => ({ paths: path === '' ? [] : [path] }),
  itemFormats: [nginxIncludeLine],
  apply: (host, wanted) => {
    const text = wanted.path === '' ? undefined : host.text(wanted.path);
    if (text === undefined) {
      throw host.problem(
        'server-not-found',
        wanted.path === ''
          ? 'no file is named that contains the server block'
          : `${wanted.path} does not exist`,
        'name the file with the proxy\'s server block in "server_file"',
      );
    }
    const after = understand(host, wanted.path, text, () => {
      const server = serverOf(host, wanted, findServers(text));
      return insertInclude(text, server.directive, wanted.include);
    });
    const name = wanted.server_name || wanted.default_server_name;
    const item = { path: wanted.path, format: nginxIncludeLine.name, key: [name, wanted.include] };
    host.manage(item);
    if (after !== text) host.write(wanted.path, after);
    host.edited(item, text, after);
  },
};

function serverOf(host: StepHost, wanted: IncludeParameters, servers: readonly Server[]): Server {
  const name = wanted.server_name || wanted.default_server_name;
  const named = servers.filter(({ serverNames }) => serverNames.includes(name));
  const secure = named.find(hasTls);
  if (secure !== undefined) {
    warnOfPort(host, wanted, secure);
    return secure;
  }
  const [plain] = named;
  if (plain !== undefined) {
    host.warn(
      `the server block of ${name} in ${wanted.path} has no TLS: browsers allow microphones on https pages only`,
    );
    return plain;
  }
  const there = servers.map(({ serverNames }) => serverNames.join(' ') || '(without a name)');
  throw host.problem(
    'server-not-found',
    `${wanted.path} has no server block for ${name}; it has ${there.length === 0 ? 'none' : there.join(', ')}`,
    'name one of them in "server_name", or another file in "server_file"',
  );
}

/** The client builds its addresses from the page's host name alone, without its port (since 3.0). */
function warnOfPort(host: StepHost, { path }: IncludeParameters, { serverNames, listen }: Server): void {
  const ports = listen.map(([address = '']) => /(?:^|:)(\d+)$/.exec(address)?.[1]);
  if (ports.includes('443')) return;
  host.warn(
    `the server block of ${serverNames.join(' ')} in ${path} listens on ${ports.join(', ')}, not on 443: the client asks for its node on the default port`,
  );
}

function hasTls({ listen }: Server): boolean {
  return listen.some(([address = '', ...options]) => options.includes('ssl') || /(?:^|:)443$/.test(address));
}
