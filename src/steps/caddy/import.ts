import { z } from 'zod';
import { type Address, type HowNamed, namedBy } from '../../formats/caddyfile.ts';
import type { OperatorError } from '../../model/operator-error.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { absolutePath, hostname } from '../shared/parameters.ts';
import { understand } from '../shared/understand.ts';
import type { StepModule } from '../step-module.ts';
import {
  type CaddyFile,
  caddyFiles,
  caddyOn,
  fileAt,
  lineOf,
  mainCaddyfile,
  type PlacedSite,
  placeOf,
  sitesOf,
} from './caddy-files.ts';
import { caddyImportLine, siteNamed } from './import-format.ts';
import { plainPath } from './locations-parameters.ts';

const parameters = z.strictObject({
  path: z
    .union([z.literal(''), absolutePath])
    .default('')
    .describe('the file with the site; empty: the Caddyfile'),
  server_name: z.string().default('').describe('an address of the site; empty: default_server_name'),
  default_server_name: hostname.describe("the proxy's public name"),
  import: plainPath.describe('files with the rules; a glob, so that it is not an error if there are none'),
  look_in: z
    .array(absolutePath)
    .default([...caddyFiles])
    .describe('files that an import line of the Caddyfile may lead to'),
});

type ImportParameters = z.infer<typeof parameters>;

/**
 * One `import` line in a site that somebody else maintains; nothing else in the file is touched. It is the
 * first line of the site, so that the nodes' rules go before others that Caddy would sort equally.
 */
export const caddyImport: StepModule<ImportParameters> = {
  name: 'caddy-import',
  description: "on a proxy with Caddy: an import line in an operator's site",
  parameters,
  reads: ({ path, look_in: lookIn }) => ({
    paths: [path || mainCaddyfile, mainCaddyfile, ...(lookIn ?? caddyFiles)],
  }),
  itemFormats: [caddyImportLine],
  writes: ({ path }) => [path || mainCaddyfile],
  apply: (host, wanted) => {
    const path = wanted.path || mainCaddyfile;
    const file = fileAt(host, path);
    if (file === undefined) {
      throw host.problem(
        'server-not-found',
        `${path} does not exist`,
        'name the file with the proxy\'s site in "server_file"',
      );
    }
    const name = wanted.server_name || wanted.default_server_name;
    const site = chosenSite(host, wanted, file, name);
    refuseUnreached(host, wanted, site);
    warnOfEarlier(host, site);
    const line = { path, format: caddyImportLine.name, key: [name, wanted.import] };
    host.manage(line);
    const after = understand(host, path, file.text, () =>
      caddyImportLine.set(file.text, line.key, wanted.import),
    );
    if (after !== file.text) host.write(path, after);
    host.edited(line, file.text, after);
  },
};

function chosenSite(host: StepHost, wanted: ImportParameters, file: CaddyFile, name: string): PlacedSite {
  const site = siteNamed(file.parts, name);
  if (site === undefined) {
    const there = file.parts.sites.flatMap(({ addresses }) => addresses.map(({ text }) => text));
    throw host.problem(
      'server-not-found',
      `${file.path} has no site ${name}; it has ${there.length === 0 ? 'none' : there.join(', ')}`,
      'name one of them in "server_name", or another file in "server_file"',
    );
  }
  const serves = site.addresses.filter((one) => one.isUnknown || namedBy(one, wanted.default_server_name));
  if (serves.length > 0 && serves.every(({ port }) => port === 80)) {
    host.warn(`the site ${name} in ${file.path} has no TLS: browsers allow microphones on https pages only`);
  }
  return { ...site, file };
}

/** Caddy reads its own Caddyfile and what that imports, and of several sites takes the one with the name. */
function refuseUnreached(host: StepHost, wanted: ImportParameters, site: PlacedSite): void {
  const caddy = caddyOn(host, mainCaddyfile, wanted.look_in);
  const isThere = caddy.files.some(({ path }) => path === site.file.path);
  // What it imports may not have been read.
  if (caddy.files.length > 0 && !isThere && caddy.unread.length === 0) {
    throw host.problem(
      'server-not-reached',
      `Caddy doesn't read ${site.file.path}: no import line at the top level of ${mainCaddyfile} leads there`,
      `add "import ${site.file.path}" there, or name another file in "server_file"`,
    );
  }
  const better = sitesOf(host, caddy).find(
    (one) =>
      one.addresses.some((address) => rankOf(address, wanted) > bestOf(site, wanted)) &&
      one.statement.start !== site.statement.start,
  );
  if (better !== undefined) throw notReached(host, wanted, site, better);
}

const RANKS: Readonly<Record<HowNamed, number>> = { name: 3, wildcard: 2, any: 1 };

/** How much Caddy prefers a site for the name on port 443. */
function rankOf(address: Address, { default_server_name: name }: ImportParameters): number {
  if (address.port === 80 || address.path !== '') return 0;
  const how = namedBy(address, name);
  return how === undefined ? 0 : RANKS[how];
}

function bestOf({ addresses }: PlacedSite, wanted: ImportParameters): number {
  // One that comes from the environment may well be the name.
  return Math.max(...addresses.map((one) => (one.isUnknown ? 3 : rankOf(one, wanted))));
}

function notReached(
  host: StepHost,
  { default_server_name: name }: ImportParameters,
  site: PlacedSite,
  better: PlacedSite,
): OperatorError {
  return host.problem(
    'server-not-reached',
    `Caddy doesn't use ${placeOf(site)} for ${name}; what answers is ${placeOf(better)}`,
    'name the file and the address of the site that answers, in "server_file" and "server_name"',
  );
}

/**
 * What Caddy sorts before `handle`, and so before the nodes' rules; with the number of arguments from which
 * on the first may be a matcher. Source: Caddy's documentation of the order of directives.
 */
const EARLIER: ReadonlyMap<string, number> = new Map([
  ...['uri', 'basicauth', 'basic_auth', 'forward_auth'].map((name) => [name, 1] as const),
  ...['redir', 'rewrite', 'try_files'].map((name) => [name, 2] as const),
]);

function warnOfEarlier(host: StepHost, { file, statements }: PlacedSite): void {
  for (const { words, start } of statements) {
    const [name, second] = words.map(({ text }) => text);
    const needed = EARLIER.get(name ?? '');
    const hasMatcher = words.length - 1 >= (needed ?? 0) && /^[/@]/.test(second ?? '');
    if (needed === undefined || hasMatcher) continue;
    host.warn(
      `${file.path}:${lineOf(file.text, start)}: ${name} applies to all paths, and Caddy does it before the nodes' rules; put it into a "handle { … }" block of its own, so that it applies to the others only`,
    );
  }
}
