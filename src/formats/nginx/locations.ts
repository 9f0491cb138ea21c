import { applyEdits, type Edit, errorAt } from '../text.ts';
import { quoteLiteral } from './quote.ts';
import { type Argument, type Directive, scanWalkable } from './scan.ts';

/**
 * A location; `modifier` is '' for a plain prefix and '@' for a named one, whose `path` is the name without
 * the `@`.
 */
export interface Location {
  readonly modifier: '' | '=' | '^~' | '~' | '~*' | '@';
  readonly path: string;
  readonly directive: Directive;
  /** how many blocks enclose it */
  readonly depth: number;
}

/**
 * All locations of a file or fragment, in order, with nested ones after the block that contains them. The
 * forms are those of ngx_http_core_location: modifier and path as two arguments, or joined (`=/x`, `~^/x`).
 */
export function locations(text: string): Location[] {
  return within(text, scanWalkable(text), 0);
}

function within(text: string, directives: readonly Directive[], depth: number): Location[] {
  return directives.flatMap((directive) => [
    ...(directive.name === 'location' ? [{ ...readLocation(text, directive), directive, depth }] : []),
    ...within(text, directive.block?.directives ?? [], depth + 1),
  ]);
}

function readLocation(text: string, directive: Directive): Pick<Location, 'modifier' | 'path'> {
  const [first, second, ...more] = directive.args;
  if (first === undefined || more.length > 0 || directive.block === undefined) {
    throw errorAt(text, directive.start, 'expected a location with one or two arguments and a block');
  }
  if (second !== undefined) {
    const modifier = first.text;
    if (modifier !== '=' && modifier !== '^~' && modifier !== '~' && modifier !== '~*') {
      throw errorAt(
        text,
        first.start,
        `expected the modifier =, ^~, ~ or ~* of a location, found ${first.raw}`,
      );
    }
    return { modifier, path: second.text };
  }
  const [, modifier = '', path = ''] = /^(=|\^~|~\*|~|@|)([\s\S]*)$/.exec(first.text) ?? [];
  return { modifier: modifier as Location['modifier'], path };
}

/**
 * The text with the paths of plain, `^~` and `=` locations changed in place: `rename` returns the new path,
 * or undefined if the location stays. Regular expressions and named locations have no path to rename and
 * aren't passed to it.
 */
export function editLocationPaths(
  text: string,
  rename: (path: string, location: Location) => string | undefined,
): string {
  const edits: Edit[] = [];
  for (const location of locations(text)) {
    if (location.modifier === '' || location.modifier === '^~' || location.modifier === '=') {
      const path = rename(location.path, location);
      const argument = location.directive.args.at(-1);
      if (path !== undefined && path !== location.path && argument !== undefined) {
        edits.push({ start: argument.start, end: argument.end, insert: withPath(argument, location, path) });
      }
    }
  }
  return applyEdits(text, edits);
}

/**
 * The location's last argument with another path, in the same form as before: joined to the modifier, quoted.
 */
function withPath(argument: Argument, location: Location, path: string): string {
  const joined = location.directive.args.length === 1 ? location.modifier + path : path;
  const quote = /^["']/.exec(argument.raw)?.[0];
  if (quote === undefined && /^[A-Za-z0-9_./@=^~+,:%*-]+$/.test(joined)) {
    return joined;
  }
  const quoted = quoteLiteral(joined);
  return quote === '"' && !joined.includes('"') ? `"${joined.replaceAll('\\', '\\\\')}"` : quoted;
}
