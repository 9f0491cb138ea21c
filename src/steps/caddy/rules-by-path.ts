import type { Statement, Token } from '../../formats/caddyfile.ts';

/** A node, and what the proxy relays to it. */
export interface NodePaths {
  readonly name: string;
  readonly paths: readonly string[];
}

/** A rule for nodes' paths. */
export interface Found {
  readonly statement: Statement;
  /** what it is, for people */
  readonly what: string;
  /** what to take out of it; undefined for the whole statement */
  readonly words: readonly Token[] | undefined;
}

/**
 * The directives of a site that are about nodes' paths only, whether the path is their own or that of a named
 * matcher, and such matchers; of a matcher that names other paths as well, the words. Inner blocks are looked
 * at unless they belong to such a directive.
 */
export function rulesFor(
  scope: readonly Statement[],
  nodes: readonly NodePaths[],
  outer: ReadonlySet<string> = new Set(),
): readonly Found[] {
  const matchers = scope.filter(isMatcher).map((statement) => ({ statement, paths: pathsOf(statement) }));
  const isOurs = (word: Token) => isAbout(word.text, nodes);
  const whole = matchers.filter(({ paths }) => paths.length > 0 && paths.every(isOurs));
  const names = new Set([...outer, ...whole.map(({ statement }) => statement.words[0]?.text ?? '')]);
  return scope.flatMap((statement): readonly Found[] => {
    const [name, second] = statement.words;
    const what = statement.words
      .map(({ text }) => text)
      .slice(0, 3)
      .join(' ');
    if (isMatcher(statement)) {
      if (names.has(name?.text ?? '')) return [{ statement, what, words: undefined }];
      const words = pathsOf(statement).filter(isOurs);
      return words.length > 0 ? [{ statement, what, words }] : [];
    }
    const matcher = second?.text ?? '';
    if (names.has(matcher) || (matcher.startsWith('/') && second !== undefined && isOurs(second))) {
      return [{ statement, what, words: undefined }];
    }
    return rulesFor(statement.block?.statements ?? [], nodes, names);
  });
}

function isMatcher({ words: [name] }: Statement): boolean {
  return name?.text.startsWith('@') === true;
}

/** The paths of a named matcher, on its line or in its block. */
function pathsOf({ words, block }: Statement): readonly Token[] {
  const conditions = [words.slice(1), ...(block?.statements ?? []).map((one) => one.words)];
  return conditions.flatMap(([kind, ...values]) => {
    if (kind?.text === 'path') return values;
    // Its name may stand before the expression.
    return kind?.text === 'path_regexp' ? values.slice(-1) : [];
  });
}

/**
 * Whether a matcher of paths, in whatever letters, is about a node: about one of its paths or what is below,
 * or about all that begins with its name.
 */
function isAbout(written: string, nodes: readonly NodePaths[]): boolean {
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
