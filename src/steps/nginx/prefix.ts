import { z } from 'zod';
import {
  editLocationPaths,
  locations,
  prefixLocations,
  quoteArgument,
  setVariable,
} from '../../formats/nginx.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { absolutePath, directoryOf } from '../shared/parameters.ts';
import { type Finding, setUpByHand } from '../shared/set-up-by-hand.ts';
import { understand } from '../shared/understand.ts';
import type { StepModule } from '../step-module.ts';
import { lineOf } from './directives.ts';
import { bringOverPrefixes, findPrefixes } from './prefix-by-hand.ts';

const requestPath = z
  .string()
  .regex(
    /^(?:\/[A-Za-z0-9._~-]+)+$/,
    'expected a path such as /name, of letters, digits, ".", "_", "~" and "-"',
  );

const parameters = z.strictObject({
  sources: z
    .array(absolutePath)
    .min(1)
    .describe("where the package's file with the locations may be; the first one that is there counts"),
  look_in: z
    .array(absolutePath)
    .default([])
    .describe('paths or globs of other files that nginx reads, to be searched for what was set up by hand'),
  client: requestPath.describe('what the paths of the locations begin with'),
  prefix: requestPath.describe('what is put before them'),
  mode: z
    .enum(['own-file', 'stock-file'])
    .default('own-file')
    .describe(
      "own-file: prefixed copies in a file of our own; stock-file: the paths in the package's file are edited",
    ),
  path: absolutePath.describe('the file of our own'),
  variables: z
    .record(
      z.string().regex(/^[A-Za-z0-9_]+$/, 'expected the name of a variable without $'),
      z.strictObject({
        value: z.string(),
        stock_file: absolutePath.optional().describe("the package's file that sets it to nothing"),
      }),
    )
    .default({})
    .describe('nginx variables to be set'),
  redirects: z
    .array(
      z.strictObject({
        from: requestPath,
        to: z
          .string()
          .regex(/^(?:\/[A-Za-z0-9._~-]+)+(?:\$request_uri)?$/, 'expected a path, maybe with $request_uri'),
      }),
    )
    .default([])
    .describe('paths that are answered by a redirect to another path of this host'),
  adopt: z.boolean().default(false).describe('bring over what was set up by hand'),
});

export type PrefixParameters = z.infer<typeof parameters>;

const header = '# Written by clusterproxy';

/**
 * The locations of a package's nginx file, under a prefix as well, made from this host's own file so that whatever an
 * upgrade brings along is included. In a file of our own they stand beside the package's; upgrades and bbb-install leave
 * it alone, and the paths without prefix keep working. Forms that can't be copied safely are refused with their line.
 */
export const nginxPrefix: StepModule<PrefixParameters> = {
  name: 'nginx-prefix',
  description: "the locations of a package's nginx file, under a prefix as well",
  parameters,
  reads: (wanted) => ({
    paths: [
      ...listOf(wanted.sources).flatMap((path) => [path, `${path}.static`, `${path}.dev`]),
      ...listOf(wanted.look_in),
      ...stockFiles(wanted),
      wanted.path,
      directoryOf(wanted.path),
    ],
  }),
  apply: (host, wanted) => {
    const source = wanted.sources.find((path) => host.exists(path));
    if (source === undefined) {
      throw host.problem(
        'file-missing',
        `there is none of ${wanted.sources.join(', ')}, whose locations are to be put under ${wanted.prefix}`,
        'install the package that brings it, or correct the recipe',
      );
    }
    if (wanted.mode === 'own-file') ownFile(host, wanted, source);
    else stockFile(host, wanted, source);
  },
};

function ownFile(host: StepHost, wanted: PrefixParameters, source: string): void {
  bringOver(host, wanted, source);
  const text = host.text(source) ?? '';
  const copies = understand(host, source, text, () => prefixLocations(text, wanted.prefix));
  host.manage({ path: wanted.path, format: 'file', key: [] });
  host.write(wanted.path, ownText(host, wanted, source, copies));
}

/** Refuse what was set up by hand, or take it back. */
function bringOver(host: StepHost, wanted: PrefixParameters, source: string): void {
  const existing = host.text(wanted.path);
  const foreignFile: readonly Finding[] =
    existing === undefined || existing.startsWith(header)
      ? []
      : [{ path: wanted.path, what: 'is there, and clusterproxy did not write it' }];
  const findings = [...foreignFile, ...findPrefixes(host, wanted, source)];
  if (findings.length > 0 && !wanted.adopt) throw setUpByHand(host, findings);
  if (findings.length > 0) host.adopt();
  // What stood there by hand isn't to come back when the host is given back.
  if (foreignFile.length > 0) host.remove(wanted.path);
  bringOverPrefixes(host, wanted, source);
}

function ownText(host: StepHost, wanted: PrefixParameters, source: string, copies: string): string {
  const state = host.state(source);
  const origin = state.kind === 'symlink' ? `${source} (${state.target})` : source;
  const sets = Object.entries(wanted.variables).map(
    ([name, { value }]) => `set $${name} ${quoteArgument(value)};\n`,
  );
  return [
    `${header}, step ${host.step}: edits get lost.\n# Copies of the locations in ${origin}, under ${wanted.prefix}.\n`,
    ...(sets.length > 0 ? [sets.join('')] : []),
    ...wanted.redirects.map(redirectText),
    copies,
  ].join('\n');
}

function redirectText({ from, to }: { from: string; to: string }): string {
  return `location = ${from} {\n    return 301 ${to};\n}\n`;
}

/** Edit the package's file as the guides do. An upgrade of the package brings its own text back. */
function stockFile(host: StepHost, wanted: PrefixParameters, source: string): void {
  if (host.state(source).kind === 'symlink') {
    throw host.problem(
      'stock-file-is-a-link',
      `${source} is a link to one of the package's variants; editing it would change the package's own file`,
      'use "client_locations: own-file", which leaves the package\'s files alone',
    );
  }
  bringOver(host, wanted, source);
  host.remove(wanted.path);
  editSource(host, wanted, source);
  for (const [name, { value, stock_file: file = source }] of Object.entries(wanted.variables)) {
    const path = host.exists(file) ? file : source;
    const text = host.text(path) ?? '';
    const after = understand(host, path, text, () => setVariable(text, name, value));
    host.manage({ path, format: 'file', key: [] }, { pristine: after !== text });
    edit(host, path, text, after);
  }
}

function editSource(host: StepHost, wanted: PrefixParameters, source: string): void {
  const text = host.text(source) ?? '';
  const pristine = understand(
    host,
    source,
    text,
    () => !locations(text).some(({ path }) => path.startsWith(`${wanted.prefix}/`)),
  );
  host.manage({ path: source, format: 'file', key: [] }, { pristine });
  const after = understand(host, source, text, () => {
    refusePatterns(host, wanted, source, text);
    const moved = editLocationPaths(text, (path, { modifier }) =>
      modifier !== '=' && (path === wanted.client || path.startsWith(`${wanted.client}/`))
        ? wanted.prefix + path
        : undefined,
    );
    return wanted.redirects.reduce(withRedirect, moved);
  });
  edit(host, source, text, after);
}

/** A regular expression about the client can't be put under a prefix by changing a path. */
function refusePatterns(host: StepHost, { client }: PrefixParameters, source: string, text: string): void {
  const pattern = locations(text).find(
    ({ modifier, path }) => modifier.startsWith('~') && path.replaceAll('\\', '').includes(client),
  );
  if (pattern === undefined) return;
  throw host.problem(
    'file-not-understood',
    `${source}:${lineOf(text, pattern.directive.start)}: location ${pattern.modifier} ${pattern.path} is a regular expression, which can't be put under a prefix`,
    "restore the package's own file, or leave the step out",
  );
}

function withRedirect(text: string, redirect: { from: string; to: string }): string {
  const there = locations(text).some(({ modifier, path }) => modifier === '=' && path === redirect.from);
  if (there) return text;
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}\n${redirectText(redirect)}`;
}

function edit(host: StepHost, path: string, before: string, after: string): void {
  if (after !== before) host.write(path, after);
}

/** A list as it is before its schema has seen it: a template without a value is empty text. */
function listOf(paths: readonly string[] | undefined): readonly string[] {
  return Array.isArray(paths) ? paths : [];
}

function stockFiles(wanted: PrefixParameters): readonly string[] {
  return Object.values(wanted.variables ?? {}).flatMap(({ stock_file: file }) => file ?? []);
}
