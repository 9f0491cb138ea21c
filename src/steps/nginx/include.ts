import { z } from 'zod';
import { type EffectiveServer, findServers, insertInclude, removeInclude } from '../../formats/nginx.ts';
import type { OperatorError } from '../../model/operator-error.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { absolutePath, hostname } from '../shared/parameters.ts';
import { understand } from '../shared/understand.ts';
import type { StepModule } from '../step-module.ts';
import { namesInclude, nginxIncludeLine } from './include-format.ts';
import { blocksNamed, servingBlock, warnOfConflicts } from './include-target.ts';
import { nginxFiles } from './nginx-files.ts';
import { mainFile, nginxOn, readsOfConfiguration, warnOfUnread } from './nginx-on-host.ts';

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
 * One `include` line in a server block that somebody else maintains; nothing else in the file is touched. It
 * goes into the block that answers what browsers ask, by nginx's rules over its whole configuration. A line
 * that an earlier version of this program put into another block of the name is taken out there.
 */
export const nginxInclude: StepModule<IncludeParameters> = {
  name: 'nginx-include',
  description: "on a proxy: an include line in an operator's server block",
  parameters,
  reads: ({ path, default_server_name: name, include }) => ({
    ...readsOfConfiguration([...(path === '' ? [] : [path]), include]),
    names: hostname.safeParse(name).success ? [name] : [],
  }),
  itemFormats: [nginxIncludeLine],
  writes: ({ path }) => [path],
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
    const name = wanted.server_name || wanted.default_server_name;
    const chosen = chooseBlock(host, wanted, text, name);
    const line = { path: wanted.path, format: nginxIncludeLine.name, key: [name, wanted.include] };
    const isOurs = host.isManaged(line);
    host.manage(line);
    const elsewhere = findServers(text).filter(
      ({ directive, serverNames }) =>
        isOurs && directive.start !== chosen.directive.start && namesInclude(serverNames, name),
    );
    // From the last to the first, since an edit moves what comes after it.
    const after = [chosen, ...elsewhere]
      .toSorted((one, other) => other.directive.start - one.directive.start)
      .reduce(
        (sum, one) =>
          one === chosen
            ? insertInclude(sum, one.directive, wanted.include)
            : removeInclude(sum, one.directive, wanted.include),
        text,
      );
    if (after !== text) host.write(wanted.path, after);
    host.edited(line, text, after);
  },
};

function chooseBlock(host: StepHost, wanted: IncludeParameters, text: string, name: string): EffectiveServer {
  // Without a main file nothing says what nginx reads.
  const nginx = nginxOn(host, { usually: [...nginxFiles.read, wanted.path] });
  warnOfUnread(host, nginx);
  const path = realPath(host, wanted.path);
  const named = blocksNamed(nginx, { path, name });
  if (named.length === 0) throw notFound(host, wanted, text, name);
  const asked = { path: wanted.path, name, hostname: wanted.default_server_name };
  const chosen = servingBlock(host, nginx, asked, named);
  warnOfConflicts(host, nginx, asked, chosen);
  return chosen;
}

function realPath(host: StepHost, path: string): string {
  const state = host.state(path);
  return state.kind === 'symlink' ? (state.resolved?.path ?? path) : path;
}

function notFound(host: StepHost, { path }: IncludeParameters, text: string, name: string): OperatorError {
  const there = understand(host, path, text, () => findServers(text));
  if (there.some(({ serverNames }) => namesInclude(serverNames, name))) {
    return host.problem(
      'server-not-reached',
      `nginx doesn't read ${path}: no include in the http block of ${mainFile} leads there`,
      'link the file from a folder that is included, such as /etc/nginx/sites-enabled, or name another file in "server_file"',
    );
  }
  const names = there.map(({ serverNames }) => serverNames.join(' ') || '(without a name)');
  return host.problem(
    'server-not-found',
    `${path} has no server block for ${name}; it has ${names.length === 0 ? 'none' : names.join(', ')}`,
    'name one of them in "server_name", or another file in "server_file"',
  );
}
