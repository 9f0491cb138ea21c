import {
  type Directive,
  findServers,
  type Location,
  locations,
  managedBlockRanges,
} from '../../formats/nginx.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { relayedNodes } from '../relay/nodes.ts';
import type { Finding } from '../shared/existing-set-up.ts';
import { understand } from '../shared/understand.ts';
import { nginxBlock } from './block-format.ts';
import { lineOf, removeDirectives } from './directives.ts';
import type { LocationsParameters } from './locations-parameters.ts';
import { filesAt, type NginxFile, writeFound } from './nginx-files.ts';

/** Locations for the nodes' paths outside our file, since nginx refuses a duplicate path. */
export function findLocations(host: StepHost, wanted: LocationsParameters): readonly Finding[] {
  return files(host, wanted).flatMap(({ path, text }) =>
    understand(host, path, text, () => foreign(host, wanted, { path, text })).map(
      ({ directive, modifier, path: location }): Finding => ({
        path,
        line: lineOf(text, directive.start),
        what: `location ${modifier === '' ? '' : `${modifier} `}${location}`,
      }),
    ),
  );
}

/** Remove them. Everything else in those files stays byte for byte. */
export function bringOverLocations(host: StepHost, wanted: LocationsParameters): void {
  for (const { path, text } of files(host, wanted)) {
    const clean = understand(host, path, text, () =>
      removeDirectives(text, (rest) =>
        foreign(host, wanted, { path, text: rest }).map(({ directive }) => directive),
      ),
    );
    if (clean !== text) writeFound(host, path, clean);
  }
}

/**
 * Say which locations by a regular expression are meant for the nodes' paths, such as those of the guide that
 * cache the client: ours go before them, so they answer nothing any more. One about any path, such as
 * `\.(js|css)$`, isn't meant for them.
 */
export function warnOfPatterns(host: StepHost, wanted: LocationsParameters): void {
  for (const { path, text } of files(host, wanted)) {
    const found = understand(host, path, text, () => patternsFor(text, wanted));
    for (const { modifier, path: pattern, directive } of found) {
      host.warn(
        `${path}:${lineOf(text, directive.start)}: location ${modifier} ${pattern} is no longer used for the nodes' paths, because clusterproxy's own locations go before regular expressions; with "client_cache: true" they keep copies of the client's files`,
      );
    }
  }
}

function patternsFor(text: string, wanted: LocationsParameters): readonly Location[] {
  const others = othersServers(text, wanted);
  const paths = relayedNodes(wanted.nodes).flatMap((one) => one.locations.map(({ path }) => path));
  return locations(text).filter(
    ({ modifier, path, directive }) =>
      (modifier === '~' || modifier === '~*') &&
      paths.some((one) => isAbout(path, one)) &&
      !others.some((server) => contains(server.directive, directive)),
  );
}

/** Whether a regular expression matches files below a path, but not those of that name anywhere. */
function isAbout(pattern: string, path: string): boolean {
  if (pattern.replaceAll('\\', '').includes(withoutSlash(path))) return true;
  try {
    const expression = new RegExp(pattern.replace(/^\(\?i\)/, '').replaceAll('(?P<', '(?<'), 'i');
    return ['x.js', 'x.css', 'x.png', 'x'].some(
      (file) => expression.test(`${withoutSlash(path)}/${file}`) && !expression.test(`/other/y/${file}`),
    );
  } catch {
    return false;
  }
}

function othersServers(text: string, wanted: LocationsParameters) {
  return findServers(text).filter(({ serverNames }) => isAnother(serverNames, wanted.server_name));
}

function files(host: StepHost, wanted: LocationsParameters) {
  return filesAt(host, wanted.look_in).filter(({ path }) => path !== wanted.path);
}

function foreign(
  host: StepHost,
  wanted: LocationsParameters,
  { path: file, text }: NginxFile,
): readonly Location[] {
  const paths = new Set(
    relayedNodes(wanted.nodes).flatMap((one) => one.locations.map(({ path }) => withoutSlash(path))),
  );
  // Blocks of an earlier run, which had them in another file.
  const own = hasBlocks(host, file)
    ? [...managedBlockRanges(text)].filter(([name]) =>
        host.isManaged({ path: file, format: nginxBlock.name, key: [name] }),
      )
    : [];
  const others = othersServers(text, wanted);
  return locations(text).filter(
    ({ modifier, path, directive }) =>
      (modifier === '' || modifier === '^~' || modifier === '=') &&
      paths.has(withoutSlash(path)) &&
      !others.some((server) => contains(server.directive, directive)) &&
      !own.some(([, range]) => contains(range, directive)),
  );
}

function hasBlocks({ snapshot }: StepHost, file: string): boolean {
  return (
    snapshot.ledger?.items.some(({ path, format }) => path === file && format === nginxBlock.name) ?? false
  );
}

/**
 * Whether a server block certainly isn't the proxy's: it has names, all of them plain, and none of them is
 * the proxy's.
 */
function isAnother(names: readonly string[], proxy: string): boolean {
  const plain = names.every((name) => /^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(name));
  return names.length > 0 && plain && !names.some((name) => name.toLowerCase() === proxy.toLowerCase());
}

function contains(outer: Pick<Directive, 'start' | 'end'>, inner: Directive): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

function withoutSlash(path: string): string {
  return path.replace(/\/$/, '');
}
