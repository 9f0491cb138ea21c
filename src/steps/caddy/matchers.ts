import { addressOf, namedBy, type Statement, type Token } from '../../formats/caddyfile.ts';

/** A node, and what the proxy relays to it. */
export interface NodePaths {
  readonly name: string;
  readonly paths: readonly string[];
}

/** Whose rules are looked for. */
export interface Wanted {
  readonly nodes: readonly NodePaths[];
  /** the proxy's public name */
  readonly hostname: string;
}

/**
 * What a matcher takes:
 *
 * - `nodes`: nodes' paths, and nothing else is asked of a request;
 * - `mixed`: other paths as well, which can be told apart word by word;
 * - `partly`: something of nodes' paths, such as what comes from a network, or what another name is asked for;
 * - `elsewhere`: requests for other names only;
 * - `some`: requests with other properties, whatever their path;
 * - `others`: other paths, or everything.
 */
export type Takes = 'nodes' | 'mixed' | 'partly' | 'elsewhere' | 'some' | 'others';

export function isNamedMatcher({ words: [name] }: Statement): boolean {
  return name?.text.startsWith('@') === true;
}

/** What a named matcher takes. */
export function takenBy(statement: Statement, wanted: Wanted): Takes {
  const conditions = conditionsOf(statement);
  const hosts = conditions.flatMap(({ kind, values }) => (kind === 'host' ? values : []));
  const fits = ({ text }: Token) => namedBy(addressOf(text), wanted.hostname) !== undefined;
  if (hosts.length > 0 && !hosts.some((one) => fits(one) || one.text.includes('{'))) return 'elsewhere';
  const paths = pathsOf(statement);
  const ours = nodesPathsIn(statement, wanted);
  const isPlain =
    conditions.every(({ kind }) => kind === 'host' || isOfPath(kind)) && hosts.every((one) => fits(one));
  if (ours.length === 0) {
    const mentions = conditions.some(({ kind, values }) => kind === 'expression' && hasPath(values, wanted));
    if (mentions) return 'partly';
    return isPlain ? 'others' : 'some';
  }
  if (!isPlain) return 'partly';
  if (ours.length === paths.length) return 'nodes';
  return conditions.some(({ kind }) => kind === 'path_regexp') ? 'partly' : 'mixed';
}

/** The words of a named matcher that are nodes' paths. */
export function nodesPathsIn(statement: Statement, wanted: Wanted): readonly Token[] {
  return pathsOf(statement).filter(({ text }) => isAbout(text, wanted));
}

interface Condition {
  readonly kind: string;
  readonly values: readonly Token[];
}

/** On the line of the matcher, or in its block. An expression may stand there without that word. */
function conditionsOf({ words, block }: Statement): readonly Condition[] {
  const all = [words.slice(1), ...(block?.statements ?? []).map((one) => one.words)];
  return all.flatMap(([first, ...values]) => {
    if (first === undefined) return [];
    return first.isQuoted ? [{ kind: 'expression', values: [first] }] : [{ kind: first.text, values }];
  });
}

function pathsOf(statement: Statement): readonly Token[] {
  return conditionsOf(statement).flatMap(({ kind, values }) => {
    if (kind === 'path') return values;
    // Its name may stand before the expression.
    return kind === 'path_regexp' ? values.slice(-1) : [];
  });
}

function isOfPath(kind: string): boolean {
  return kind === 'path' || kind === 'path_regexp';
}

function hasPath(words: readonly Token[], wanted: Wanted): boolean {
  const text = words.map((one) => one.text).join(' ');
  return (text.match(/\^?\/[^\s"'`(),|]*/g) ?? []).some((piece) => isAbout(piece, wanted));
}

/**
 * Whether a matcher of paths, in whatever letters, is about a node: about one of its paths or what is below,
 * or about all that begins with its name.
 */
export function isAbout(written: string, { nodes }: Wanted): boolean {
  const path = written
    .replace(/^\^/, '')
    .replace(/(?:\.\*|\(\.\*\))?\$?$/, '')
    .replace(/\\(?=[^A-Za-z0-9])|\*/g, '')
    .replace(/\/$/, '')
    .toLowerCase();
  return nodes.some(({ name, paths }) =>
    paths.some((one) => {
      const ours = one.replace(/\/$/, '').toLowerCase();
      const isAbove = ours.startsWith(`${path}/`) && path.endsWith(`/${name.toLowerCase()}`);
      return path === ours || path.startsWith(`${ours}/`) || isAbove;
    }),
  );
}
