import type { Statement, Token } from '../../formats/caddyfile.ts';
import { isHarmlessHeader } from './harmless-headers.ts';
import { isAbout, isNamedMatcher, nodesPathsIn, type Takes, takenBy, type Wanted } from './matchers.ts';

/** A rule for nodes' paths. */
export interface Found {
  readonly statement: Statement;
  /** what it is, for people */
  readonly what: string;
  /** what to take out of it; undefined for the whole statement */
  readonly words: readonly Token[] | undefined;
  /** whether our own rules do the same: it passes requests on, and does nothing else */
  readonly isReplaced: boolean;
}

/** Directives that hold others. */
const holding: ReadonlySet<string> = new Set(['handle', 'handle_path', 'route']);
/** Directives that pass requests on, or lead them there. */
const relaying: ReadonlySet<string> = new Set([...holding, 'reverse_proxy', 'redir', 'rewrite', 'uri']);

interface Scope {
  readonly wanted: Wanted;
  /** what the named matchers take that a directive may use here */
  readonly matchers: ReadonlyMap<string, Takes>;
  /** whether it depends on something else than path and name whether requests get here */
  readonly isPartial: boolean;
  /** whether it is within a directive, where what comes first isn't done first */
  readonly isInner: boolean;
}

/**
 * The directives of a site that are about nodes' paths, whether the path is their own or that of a named
 * matcher, and such matchers; of a matcher that names other paths as well, the words. Inner directives are
 * looked at unless they belong to such a directive.
 *
 * Whatever restricts access, answers by itself or changes an answer is not replaced by our rules, and neither
 * is what asks for more than a path: without it, more would be open than before, or something would be lost.
 */
export function rulesFor(
  statements: readonly Statement[],
  wanted: Wanted,
  outer: Scope = { wanted, matchers: new Map(), isPartial: false, isInner: false },
): readonly Found[] {
  const scope = within(statements, outer);
  const kept = outer.isInner ? [] : statements.filter(isHarmlessHeader);
  // A header that stays needs its matcher as it is.
  const needed = new Set(kept.map(({ words }) => words[1]?.text));
  return statements
    .filter((one) => !kept.includes(one))
    .flatMap((one) => {
      if (!isNamedMatcher(one)) return ofDirective(one, scope);
      return needed.has(one.words[0]?.text) ? [] : ofMatcher(one, scope);
    });
}

function within(statements: readonly Statement[], outer: Scope): Scope {
  const own = statements
    .filter(isNamedMatcher)
    .map((one) => [one.words[0]?.text ?? '', takenBy(one, outer.wanted)] as const);
  return { ...outer, matchers: new Map([...outer.matchers, ...own]) };
}

function ofMatcher(statement: Statement, { wanted, matchers }: Scope): readonly Found[] {
  const takes = matchers.get(statement.words[0]?.text ?? '');
  if (takes === 'nodes' || takes === 'partly') return [found(statement, takes === 'nodes')];
  const words = nodesPathsIn(statement, wanted);
  return takes === 'mixed' ? [{ ...found(statement, true), words }] : [];
}

function ofDirective(statement: Statement, scope: Scope): readonly Found[] {
  const takes = takesOf(statement, scope);
  if (takes === 'elsewhere') return [];
  const isReplaced = !scope.isPartial && onlyRelays(statement, scope);
  if (takes === 'nodes' || takes === 'partly') return [found(statement, isReplaced && takes === 'nodes')];
  if (takes === 'mixed' && !isReplaced) return [found(statement, false)];
  if (!holding.has(statement.words[0]?.text ?? '')) return [];
  const isPartial = scope.isPartial || takes === 'some';
  return rulesFor(statement.block?.statements ?? [], scope.wanted, { ...scope, isPartial, isInner: true });
}

/** What the directive's matcher takes; everything if it has none, or one that is made elsewhere. */
function takesOf({ words: [, second] }: Statement, { wanted, matchers }: Scope): Takes {
  const matcher = second?.text ?? '';
  if (matcher.startsWith('/')) return isAbout(matcher, wanted) ? 'nodes' : 'others';
  return matchers.get(matcher) ?? 'others';
}

function onlyRelays(statement: Statement, scope: Scope): boolean {
  const name = statement.words[0]?.text ?? '';
  if (!relaying.has(name)) return false;
  if (!holding.has(name)) return true;
  const statements = statement.block?.statements ?? [];
  const inner = within(statements, scope);
  const isPlain = (one: Statement) => {
    const matcher = one.words[isNamedMatcher(one) ? 0 : 1]?.text ?? '';
    if (!matcher.startsWith('@')) return true;
    return ['nodes', 'mixed', 'others'].includes(inner.matchers.get(matcher) ?? 'some');
  };
  return statements.every((one) => isPlain(one) && (isNamedMatcher(one) || onlyRelays(one, inner)));
}

function found(statement: Statement, isReplaced: boolean): Found {
  const what = statement.words
    .map(({ text }) => text)
    .slice(0, 3)
    .join(' ');
  return { statement, what, words: undefined, isReplaced };
}
