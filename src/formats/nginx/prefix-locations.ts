import { FormatError } from '../format-error.ts';
import { errorAt, lineEndOf, lineStart, lineStop, linesOf } from '../text.ts';
import { type Location, locations } from './locations.ts';
import { quoteLiteral } from './quote.ts';
import { type Directive, scanWalkable } from './scan.ts';

export interface PrefixOptions {
  /** locations to leave out, in addition to the named ones */
  readonly skip?: (location: Location) => boolean;
  /**
   * the modifier of copied plain and `^~` locations, by default `^~`: an operator's regular expressions, such
   * as `location ~* \.(js|css)$`, win over plain prefixes but not over these
   */
  readonly modifier?: '' | '^~';
}

/** Directives whose arguments are files or other servers' addresses, not paths of this server's requests. */
const NOT_ABOUT_REQUESTS: ReadonlySet<string> = new Set([
  'access_log',
  'alias',
  'auth_request',
  'client_body_temp_path',
  'error_log',
  'fastcgi_pass',
  'grpc_pass',
  'include',
  'proxy_pass',
  'proxy_temp_path',
  'root',
  'types',
  'uwsgi_pass',
]); // prettier-ignore

/**
 * A new text that contains the source's locations with `prefix` before their paths, for use beside the source
 * file.
 *
 * Plain, `^~` and `=` locations are copied, their bodies byte for byte, with the comments directly above
 * them. Named locations are left out, since the copies share those of the source file. Commented-out
 * locations are comments.
 *
 * Throws FormatError, naming the line, on anything whose copy might not do what the original does: a regular
 * expression, a nested location, any other directive beside the locations, a `rewrite`, and a body that names
 * an original path in what it returns, tests or passes on (`return 301 /original/…`, `if ($uri ~
 * ^/original)`). `prefix` is a path that starts with a slash and doesn't end with one.
 */
export function prefixLocations(text: string, prefix: string, options: PrefixOptions = {}): string {
  const { skip = () => false, modifier = '^~' } = options;
  if (!/^(?:\/[A-Za-z0-9._~-]+)+$/.test(prefix)) {
    throw new FormatError(`expected a prefix such as /name, found ${JSON.stringify(prefix)}`);
  }
  for (const directive of scanWalkable(text)) {
    if (directive.name !== 'location') {
      throw errorAt(
        text,
        directive.start,
        `${directive.name} beside the locations: it can't be copied under a prefix`,
      );
    }
  }
  const copied = locations(text).filter((location) => location.modifier !== '@' && !skip(location));
  const paths = copied.map((location) => location.path);
  const lineEnd = lineEndOf(text);
  return copied
    .map((location) => {
      refuse(text, location, paths);
      const { directive, path } = location;
      const start = commentsAbove(text, directive.start);
      const head = text.slice(start, directive.start + directive.name.length);
      const body = text.slice(directive.args.at(-1)?.end ?? directive.start, endWithComment(text, directive));
      const words = [location.modifier === '=' ? '=' : modifier, bareOrQuoted(prefix + path)];
      return `${head} ${words.filter((word) => word !== '').join(' ')}${body}${lineEnd}`;
    })
    .join(lineEnd);
}

function refuse(text: string, location: Location, paths: readonly string[]): void {
  const { modifier, path, directive, depth } = location;
  if (modifier === '~' || modifier === '~*') {
    throw errorAt(
      text,
      directive.start,
      `location ${modifier} ${path}: a regular expression can't be put under a prefix`,
    );
  }
  if (depth > 0) {
    throw errorAt(
      text,
      directive.start,
      `location ${path} is inside another block: it can't be put under a prefix`,
    );
  }
  if (!path.startsWith('/')) {
    throw errorAt(text, directive.start, `location ${path}: expected a path that starts with a slash`);
  }
  for (const inner of directive.block?.directives ?? []) {
    refuseInBody(text, inner, paths);
  }
}

function refuseInBody(text: string, directive: Directive, paths: readonly string[]): void {
  const { name, args, start } = directive;
  if (name === 'location' || name === 'rewrite' || directive.name.endsWith('_by_lua_block')) {
    throw errorAt(text, start, `${name} in a location: the copy under a prefix could do something else`);
  }
  if (NOT_ABOUT_REQUESTS.has(name)) {
    return;
  }
  for (const argument of args) {
    const path = paths.find((one) => mentions(argument.text, one));
    if (path !== undefined) {
      throw errorAt(
        text,
        argument.start,
        `${name} names ${path}, which would be wrong in the copy under a prefix`,
      );
    }
  }
  for (const inner of directive.block?.directives ?? []) {
    refuseInBody(text, inner, paths);
  }
}

/**
 * Whether an argument, possibly a regular expression, names a path; `/` counts only where it starts a path.
 */
function mentions(argument: string, path: string): boolean {
  const plain = argument.replaceAll('\\', '');
  const wanted = path.replace(/\/+$/, '');
  return wanted === '' ? /^\^?\/|:\/\/[^/]+\//.test(plain) : plain.includes(wanted);
}

/**
 * The start of the comment lines directly above the line of `offset`; the start of that line if there are
 * none.
 */
function commentsAbove(text: string, offset: number): number {
  const begin = lineStart(text, offset);
  if (!/^[ \t]*$/.test(text.slice(begin, offset))) {
    return offset;
  }
  let start = begin;
  for (const line of linesOf(text.slice(0, begin), { loneCr: false }).reverse()) {
    if (!/^[ \t]*#/.test(text.slice(line.start, line.end))) {
      break;
    }
    start = line.start;
  }
  return start;
}

/** The end of the location, including a comment after its brace. */
function endWithComment(text: string, directive: Directive): number {
  const rest = text.slice(directive.end, lineStop(text, directive.end));
  return /^[ \t]*#/.test(rest) ? directive.end + rest.length : directive.end;
}

function bareOrQuoted(path: string): string {
  return /^[A-Za-z0-9_./@=+,:%~*-]+$/.test(path) ? path : quoteLiteral(path);
}
