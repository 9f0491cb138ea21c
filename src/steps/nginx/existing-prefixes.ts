import { FormatError } from '../../formats/format-error.ts';
import {
  type Directive,
  editLocationPaths,
  type Location,
  locations,
  setVariable,
} from '../../formats/nginx.ts';
import { heard } from '../../secrets/showable.ts';
import { wholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { existingSetUp, type Finding } from '../shared/existing-set-up.ts';
import { foundFiles } from '../shared/found-files.ts';
import { understand } from '../shared/understand.ts';
import { isHollowNginx, lineOf, removeDirectives, serverDirectives } from './directives.ts';
import type { PrefixParameters } from './prefix-parameters.ts';

/** The first words of our own files. */
export const ownHeader = '# Written by clusterproxy';

/** The first words of this module's own file, whose name may have changed since it was written. */
const ownCopies = /^# Written by clusterproxy, step \S+: edits get lost\.\n# Copies of the locations in /;

/**
 * Refuse what somebody has set up on the host for the same purpose, or undo it with `adopt`. That is what the
 * public guides tell people to do on a node: locations of the client under a prefix, the redirect of the
 * lobby's locales, the variables for CORS headers, and a rewrite of the whole prefix. What an earlier run has
 * left in other files or in the other mode isn't handiwork, and goes.
 */
export function bringOverPrefixes(host: StepHost, wanted: PrefixParameters, source: string): void {
  const existing = host.text(wanted.path);
  const foreignFile: readonly Finding[] =
    existing === undefined || existing.startsWith(ownHeader)
      ? []
      : [{ path: wanted.path, what: 'exists, but was not written by clusterproxy' }];
  const files = filesToSearch(host, wanted, source);
  const findings = [...foreignFile, ...findPrefixes(host, wanted, source, files)];
  if (findings.length > 0 && !wanted.adopt) throw existingSetUp(host, findings);
  if (findings.length > 0) host.adopt();
  // Its former contents must not come back when the host is restored.
  if (foreignFile.length > 0) host.remove(wanted.path);
  takeBack(host, wanted, source, files);
  releaseGone(host);
}

/**
 * The part of a path starting at the client, if something precedes it: `/bbb-01/html5client/x` to
 * `/html5client/x`.
 */
function underPrefix(path: string, client: string): string | undefined {
  const at = path.indexOf(`${client}/`, 1);
  if (at > 0) return path.slice(at);
  return path.length > client.length && path.endsWith(client) ? client : undefined;
}

function findPrefixes(
  host: StepHost,
  wanted: PrefixParameters,
  source: string,
  files: readonly string[],
): readonly Finding[] {
  return files
    .filter((path) => !isManaged(host, path) && !isOwnCopy(host, wanted, path, source))
    .flatMap((path) => {
      const text = host.text(path) ?? '';
      return understand(host, path, text, () => findIn(text, wanted, path, source));
    });
}

function takeBack(host: StepHost, wanted: PrefixParameters, source: string, files: readonly string[]): void {
  for (const path of files) {
    const packaged = isPackaged(wanted, path, source);
    const left = isManaged(host, path) ? host.left(path) : undefined;
    // The planner gives such a file back after all steps, unless another step still wants it.
    if (left !== undefined && !left.edited && !packaged) continue;
    if (packaged && wanted.mode === 'own-file') giveBack(host, path);
    const text = host.text(path) ?? '';
    const ours = !packaged && ownCopies.test(text);
    const clean = understand(host, path, text, () =>
      ours ? withoutSets(cleaned(text, wanted, path, source)) : cleaned(text, wanted, path, source),
    );
    if (clean !== text && !packaged && isHollowNginx(clean)) host.remove(realPath(host, path));
    else if (clean !== text) host.write(realPath(host, path), clean);
    if (ours && !isHollowNginx(clean)) {
      host.release(path);
      host.warn(`${path} is no longer needed, but somebody has added lines of their own to it; those stay`);
    }
  }
}

/** The package's file as it was before the other mode edited it; an upgrade may have renewed it since. */
function giveBack(host: StepHost, path: string): void {
  const left = host.left(path);
  if (left === undefined) return;
  if (!left.edited && left.before !== undefined) host.restore(path, left.before);
  // Whatever is left of ours there is taken out of its text.
  host.release(path);
}

/** An upgrade to a release that keeps its files elsewhere has taken the package's former file away. */
function releaseGone(host: StepHost): void {
  const items = host.snapshot.ledger?.items.filter((item) => item.step === host.step) ?? [];
  for (const { path } of items) {
    if (host.snapshot.paths.get(path)?.kind === 'absent') host.release(path);
  }
}

function isPackaged({ variables }: PrefixParameters, path: string, source: string): boolean {
  return path === source || Object.values(variables).some((one) => one.stock_file === path);
}

/** Our own file of another name; the ledger may have forgotten it. */
function isOwnCopy(host: StepHost, wanted: PrefixParameters, path: string, source: string): boolean {
  return !isPackaged(wanted, path, source) && ownCopies.test(host.text(path) ?? '');
}

/** Variables that are set in our own file are ours, whatever another recipe called them. */
function withoutSets(text: string): string {
  return removeDirectives(text, (rest) => serverDirectives(rest).filter(({ name }) => name === 'set'));
}

function filesToSearch(host: StepHost, wanted: PrefixParameters, source: string): readonly string[] {
  const others = wanted.look_in.flatMap((path) =>
    /[*?[]/.test(path) ? foundFiles(host, path).map((found) => found.path) : host.exists(path) ? [path] : [],
  );
  const files = others.filter((path) => path !== wanted.path && !wanted.sources.includes(path));
  return [source, ...new Set(files)].filter(
    (path) =>
      path === source ||
      (isText(host, path) && (isPackaged(wanted, path, source) || isUnderstood(host, path))),
  );
}

/**
 * Somebody else's file that can't be read as nginx reads it doesn't keep the host from being planned: if
 * nginx refuses it as well, it says so itself.
 */
function isUnderstood(host: StepHost, path: string): boolean {
  try {
    locations(host.text(path) ?? '');
    return true;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    host.warn(`${path} can't be understood (${heard(error.message)}); what is in it was not looked at`);
    return false;
  }
}

/** Not a folder, a link to nowhere, or a list of megabytes that lies there as well. */
function isText(host: StepHost, path: string): boolean {
  const state = host.state(path);
  return state.kind === 'file' || (state.kind === 'symlink' && state.resolved !== undefined);
}

/** What an earlier run in the other mode manages on this host wasn't set up by hand. */
function isManaged(host: StepHost, path: string): boolean {
  return host.isManaged(wholePath(path));
}

function findIn(text: string, wanted: PrefixParameters, path: string, source: string): readonly Finding[] {
  const at = (directive: Directive, what: string): Finding => ({
    path,
    line: lineOf(text, directive.start),
    what,
  });
  return [
    ...unwantedLocations(text, wanted, path, source).map((one) =>
      at(one.directive, `location ${one.modifier === '' ? '' : `${one.modifier} `}${one.path}`),
    ),
    ...unwantedSets(text, wanted, path).map((set) =>
      at(set, `set ${set.args.map(({ raw }) => raw).join(' ')}`),
    ),
    ...rewrites(text, wanted).map((one) => at(one, `rewrite ${one.args.map(({ raw }) => raw).join(' ')}`)),
  ];
}

function cleaned(text: string, wanted: PrefixParameters, path: string, source: string): string {
  const unmoved = path === source ? moveBack(text, wanted) : text;
  const located = removeDirectives(unmoved, (rest) =>
    unwantedLocations(rest, wanted, path, source).map(({ directive }) => directive),
  );
  const rewritten = removeDirectives(located, (rest) => rewrites(rest, wanted));
  const emptied = Object.entries(wanted.variables)
    .filter(([, { stock_file: file }]) => file === path && wanted.mode === 'own-file')
    .reduce(
      (sum, [name]) => (unwantedSets(sum, wanted, path).length > 0 ? setVariable(sum, name, '') : sum),
      rewritten,
    );
  return removeDirectives(emptied, (rest) => unwantedSets(rest, wanted, path));
}

/** The package's file with its original paths; a copy beside the original isn't moved onto it. */
function moveBack(text: string, wanted: PrefixParameters): string {
  const taken = new Set(locations(text).map(({ path }) => path));
  return editLocationPaths(text, (path, { modifier }) => {
    const original = modifier === '=' ? undefined : underPrefix(path, wanted.client);
    if (original === undefined || taken.has(original) || isWanted(path, wanted)) return undefined;
    taken.add(original);
    return original;
  });
}

/** In stock-file mode, a path under our own prefix is what is wanted there. */
function isWanted(path: string, wanted: PrefixParameters): boolean {
  return (
    wanted.mode === 'stock-file' &&
    path.startsWith(`${wanted.prefix}/`) &&
    underPrefix(path, wanted.client) === path.slice(wanted.prefix.length)
  );
}

function unwantedLocations(
  text: string,
  wanted: PrefixParameters,
  path: string,
  source: string,
): readonly Location[] {
  return locations(text).filter((location) => {
    if (location.modifier === '' || location.modifier === '^~') {
      if (path === source && isWanted(location.path, wanted)) return false;
      return underPrefix(location.path, wanted.client) !== undefined;
    }
    return location.modifier === '=' && isLobbyRedirect(location, wanted, path === source);
  });
}

/** `location = /html5client/locale { return 301 /bbb-01$request_uri; }` */
function isLobbyRedirect(location: Location, wanted: PrefixParameters, inSource: boolean): boolean {
  if (!location.path.startsWith(`${wanted.client}/`)) return false;
  const target = location.directive.block?.directives
    .find(({ name }) => name === 'return')
    ?.args.at(-1)?.text;
  if (target === undefined || !/^\/[^/$]+\$request_uri$/.test(target)) return false;
  const ours = wanted.redirects.some(({ from, to }) => from === location.path && to === target);
  return !(ours && inSource && wanted.mode === 'stock-file');
}

/**
 * One of our variables that is set to something by hand; in stock-file mode our own file for it is left out.
 */
function unwantedSets(text: string, wanted: PrefixParameters, path: string): readonly Directive[] {
  return serverDirectives(text).filter(({ name, args }) => {
    const variable = wanted.variables[args[0]?.text.replace(/^\$/, '') ?? ''];
    if (name !== 'set' || variable === undefined || args[1]?.text === '') return false;
    return wanted.mode === 'own-file' || (variable.stock_file ?? wanted.sources[0]) !== path;
  });
}

/** `rewrite ^/bbb-01/(.*)$ /$1 last;` would apply before any location. */
function rewrites(text: string, { prefix }: PrefixParameters): readonly Directive[] {
  return serverDirectives(text).filter(
    ({ name, args }) =>
      name === 'rewrite' && (args[0]?.text.replaceAll('\\', '') ?? '').startsWith(`^${prefix}/`),
  );
}

/** Where a file's bytes are, following a link. */
function realPath(host: StepHost, path: string): string {
  const state = host.state(path);
  if (state.kind !== 'symlink' || state.resolved === undefined) return path;
  if (host.snapshot.paths.has(state.resolved.path)) return state.resolved.path;
  throw host.problem(
    'not-a-file',
    `${path} is a link to ${state.resolved.path}, which was set up by hand; clusterproxy doesn't follow it`,
    'remove by hand what was put there for the cluster proxy, then plan again',
  );
}
