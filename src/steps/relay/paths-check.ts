import { decode } from '../../formats/decode.ts';
import type { KeyedFormat } from '../../formats/keyed-format.ts';
import { locations } from '../../formats/nginx.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { PathState } from '../../model/snapshot.ts';
import type { Managed } from '../../virtual/managed.ts';
import type { CrossCheck, PlannedHost } from '../cross-check.ts';
import { type PrefixParameters, prefixName } from '../nginx/prefix-parameters.ts';
import { unresolvedNodes, unresolvedProblem } from './nodes.ts';
import type { RelayParameters } from './parameters.ts';

/**
 * One location that a proxy relays: the path that browsers request, and the path that is requested from the
 * node.
 */
export interface Relayed {
  readonly path: string;
  readonly target: string;
}

/** The step module that writes a proxy's blocks, and how they are read back. */
export interface Relaying {
  readonly module: string;
  /** the format of its blocks; the last part of a block's key is the node's name */
  readonly format: KeyedFormat;
  relayed(block: string): readonly Relayed[];
}

/**
 * What the proxies relay to a node under its own path, and what the node serves there, must be the same: a
 * difference means a blank page. The planned files themselves are compared, not what they were made from. A
 * node's path is its name; its locations are those in the files that its `nginx-prefix` steps manage, a
 * proxy's those in the node's managed block.
 */
export function pathsCheck(name: string, relaying: Relaying): CrossCheck {
  return { name, check: (planned) => comparePaths(planned, relaying) };
}

function comparePaths(
  planned: ReadonlyMap<string, PlannedHost>,
  relaying: Relaying,
): ReadonlyMap<string, Problem> {
  const proxies = [...planned].filter(([, one]) => blocksOf(one, relaying).length > 0);
  const unresolved = unresolvedBy(planned, relaying);
  const problems = [...planned].flatMap(([name, node]) => {
    const served = servedBy(node, name);
    if (served.length === 0) return [];
    const nameless = unresolved.get(name);
    if (nameless !== undefined) return [[name, nameless] as const];
    const problem = proxies
      .map(([proxy, one]) => compare(name, served, proxy, relayedTo(one, name, relaying), sourceOf(node)))
      .find(Boolean);
    return problem === undefined ? [] : [[name, problem] as const];
  });
  return new Map(problems);
}

function compare(
  node: string,
  served: readonly string[],
  proxy: string,
  relayed: readonly Relayed[],
  source: string | undefined,
): Problem | undefined {
  const own = relayed.filter(({ target }) => isUnder(target, `/${node}`));
  if (own.length === 0) {
    return problem(
      node,
      `${proxy} will have no location that relays to ${node}, which will serve ${served.join(', ')}`,
    );
  }
  const lost = own.find(({ target }) => !served.some((path) => isUnder(target, path)));
  if (lost !== undefined) {
    return problem(
      node,
      `${proxy} will relay ${lost.path} to ${lost.target}, but ${node} will have no such location`,
      source === undefined ? undefined : missingHint(node, source, lost.target.slice(`/${node}`.length)),
    );
  }
  const moved = own.find(({ path, target }) => path !== target);
  if (moved !== undefined) {
    return problem(node, `${proxy} will serve under ${moved.path} what ${node} serves under ${moved.target}`);
  }
  return undefined;
}

const playbookHint = 'correct the playbook: it must write the same locations on the proxy and on the node';

function problem(host: string, message: string, next = playbookHint): Problem {
  return { code: 'locations-differ', message, next, host };
}

/** The node's locations are copies of those of its package, whose file may lack what every other node has. */
function missingHint(node: string, source: string, path: string): string {
  return `look whether ${source} on ${node} has a location for ${path}: if not, reinstall the package that brings the file, or update it to the release of the other nodes; if so, correct the playbook`;
}

/** The package's file of which a node's locations are copies. */
function sourceOf({ steps, host }: PlannedHost): string | undefined {
  return steps
    .filter(({ module }) => module === prefixName)
    .flatMap(({ parameters }) => (parameters as PrefixParameters).sources)
    .find((path) => host.state(path).kind !== 'absent');
}

/** Nodes whose name a proxy can't resolve: it has no locations for them. */
function unresolvedBy(
  planned: ReadonlyMap<string, PlannedHost>,
  { module: name }: Relaying,
): ReadonlyMap<string, Problem> {
  const problems = [...planned].flatMap(([proxy, { steps, host }]) =>
    steps
      .filter(({ module }) => module === name)
      .flatMap(({ parameters }) => {
        const { nodes } = parameters as RelayParameters;
        const lost = new Set(unresolvedNodes(host.snapshot, nodes));
        return nodes
          .filter(({ name }) => lost.has(name))
          .map((node) => [node.name, unresolvedProblem(proxy, node)] as const);
      }),
  );
  return new Map(problems);
}

/** `/bbb-01/html5client/` and everything below it is under `/bbb-01/html5client`. */
function isUnder(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}

/** Paths under the node's own path that it will serve. */
function servedBy({ steps, host }: PlannedHost, name: string): readonly string[] {
  const files = steps
    .filter(({ module }) => module === prefixName)
    .flatMap(({ managed }) => managed.map(({ path }) => path));
  return [...new Set(files)]
    .flatMap((path) => locations(textOf(host.state(path))))
    .filter(({ modifier, path }) => (modifier === '' || modifier === '^~') && isUnder(path, `/${name}`))
    .map(({ path }) => path);
}

/** The blocks that steps manage, each once. */
function blocksOf({ steps }: PlannedHost, relaying: Relaying): readonly Managed[] {
  const items = steps
    .flatMap(({ managed }) => managed)
    .filter(({ format }) => format === relaying.format.name)
    .map((item) => [[item.path, ...item.key].join('\u001f'), item] as const);
  return [...new Map(items).values()];
}

function relayedTo(proxy: PlannedHost, node: string, relaying: Relaying): readonly Relayed[] {
  return blocksOf(proxy, relaying)
    .filter(({ key }) => key.at(-1) === node)
    .map(({ path, key }) => String(relaying.format.get(textOf(proxy.host.state(path)), key) ?? ''))
    .flatMap((block) => relaying.relayed(block));
}

/** The text of a file, following a link; '' for anything else. */
function textOf(state: PathState): string {
  const file = state.kind === 'symlink' ? state.resolved : state;
  return file?.kind === 'file' ? decode(file.content).text : '';
}
