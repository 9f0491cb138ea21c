import { type Directive, findServers, type Location, locations } from '../../formats/nginx.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import type { Finding } from '../shared/existing-set-up.ts';
import { understand } from '../shared/understand.ts';
import { lineOf, removeDirectives } from './directives.ts';
import type { LocationsParameters } from './locations-parameters.ts';
import { filesAt, writeFound } from './nginx-files.ts';
import { relayedNodes } from './node-locations.ts';

/** Locations for the nodes' paths outside our file, since nginx refuses a duplicate path. */
export function findLocations(host: StepHost, wanted: LocationsParameters): readonly Finding[] {
  return files(host, wanted).flatMap(({ path, text }) =>
    understand(host, path, text, () => foreign(text, wanted)).map(
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
      removeDirectives(text, (rest) => foreign(rest, wanted).map(({ directive }) => directive)),
    );
    if (clean !== text) writeFound(host, path, clean);
  }
}

function files(host: StepHost, wanted: LocationsParameters) {
  return filesAt(host, wanted.look_in).filter(({ path }) => path !== wanted.path);
}

function foreign(text: string, wanted: LocationsParameters): readonly Location[] {
  const paths = new Set(
    relayedNodes(wanted.nodes).flatMap((one) => one.locations.map(({ path }) => withoutSlash(path))),
  );
  const others = findServers(text).filter(({ serverNames }) => isAnother(serverNames, wanted.server_name));
  return locations(text).filter(
    ({ modifier, path, directive }) =>
      (modifier === '' || modifier === '^~' || modifier === '=') &&
      paths.has(withoutSlash(path)) &&
      !others.some((server) => contains(server.directive, directive)),
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

function contains(outer: Directive, inner: Directive): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

function withoutSlash(path: string): string {
  return path.replace(/\/$/, '');
}
