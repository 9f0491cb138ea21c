import { afterLineEnd, applyEdits, type Edit, lineEndOf, lineStart, lineStop } from '../text.ts';
import { quoteArgument } from './quote.ts';
import { type Directive, scanWalkable } from './scan.ts';

/** A `server { … }` block: all its names, and the arguments of each of its `listen` directives. */
export interface Server {
  readonly directive: Directive;
  readonly serverNames: readonly string[];
  readonly listen: readonly (readonly string[])[];
}

/**
 * The server blocks of a file, at the top level or within `http`, in order; an upstream's `server` lines
 * don't count.
 */
export function findServers(text: string): Server[] {
  return serversIn(scanWalkable(text));
}

function serversIn(directives: readonly Directive[]): Server[] {
  return directives.flatMap((directive) => {
    const inner = directive.block?.directives ?? [];
    if (directive.name !== 'server' || directive.block === undefined) {
      return directive.name === 'http' ? serversIn(inner) : [];
    }
    const argumentsOf = (name: string) =>
      inner.filter((one) => one.name === name).map(({ args }) => args.map(({ text }) => text));
    return [{ directive, serverNames: argumentsOf('server_name').flat(), listen: argumentsOf('listen') }];
  });
}

/**
 * The text with `include path;` as the last line of a server block, indented as the block's other directives.
 * The same text if the block already includes `path`. `server` must come from a scan of this very text.
 */
export function insertInclude(text: string, server: Directive, path: string): string {
  const { block } = server;
  if (block === undefined || includesOf(server, path).length > 0) {
    return text;
  }
  return insertInto(
    text,
    server,
    `include ${/^[A-Za-z0-9_./*+:@%=-]+$/.test(path) ? path : quoteArgument(path)};`,
  );
}

/** The text with a directive as the last line of a block, indented as the block's other directives. */
export function insertInto(text: string, directive: Directive, written: string): string {
  const { block } = directive;
  if (block === undefined) return text;
  const begin = lineStart(text, block.close);
  if (begin > block.open && /^[ \t]*$/.test(text.slice(begin, block.close))) {
    const insert = `${indentWithin(text, directive)}${written}${lineEndOf(text)}`;
    return applyEdits(text, [{ start: begin, end: begin, insert }]);
  }
  const blank = /\s/.test(text[block.close - 1] ?? '') ? '' : ' ';
  return applyEdits(text, [{ start: block.close, end: block.close, insert: `${blank}${written} ` }]);
}

/** The text with a directive on a line of its own before another one, or right before it on its line. */
export function insertBefore(text: string, { start }: Directive, written: string): string {
  const begin = lineStart(text, start);
  const before = text.slice(begin, start);
  if (!/^[ \t]*$/.test(before)) {
    return applyEdits(text, [{ start, end: start, insert: `${written} ` }]);
  }
  const insert = `${before}${written}${lineEndOf(text)}`;
  return applyEdits(text, [{ start: begin, end: begin, insert }]);
}

/** The text without `include path;` in that server block. */
export function removeInclude(text: string, server: Directive, path: string): string {
  return applyEdits(
    text,
    includesOf(server, path).map((directive) => removalOf(text, directive)),
  );
}

/** The text without that directive, and without its whole lines if nothing else is on them. */
export function removeDirective(text: string, directive: Directive): string {
  return applyEdits(text, [removalOf(text, directive)]);
}

/** The edit that removes a directive; a comment or directive on the same line stays. */
export function removalOf(text: string, { start, end }: Directive): Edit {
  const begin = lineStart(text, start);
  const stop = lineStop(text, end);
  const before = text.slice(begin, start);
  const behind = text.slice(end, stop);
  const blank = /^[ \t\uFEFF]*$/;
  if (blank.test(before) && blank.test(behind)) {
    return {
      start: begin + (before.startsWith('\uFEFF') ? 1 : 0),
      end: afterLineEnd(text, stop),
      insert: '',
    };
  }
  return {
    start,
    end: end + (blank.test(behind) ? 0 : (/^[ \t]*/.exec(behind)?.[0].length ?? 0)),
    insert: '',
  };
}

function includesOf(server: Directive, path: string): Directive[] {
  return (server.block?.directives ?? []).filter(
    ({ name, args }) => name === 'include' && args[0]?.text === path,
  );
}

function indentWithin(text: string, server: Directive): string {
  const indentOf = (offset: number) => /^[ \t]*/.exec(text.slice(lineStart(text, offset)))?.[0] ?? '';
  const last = server.block?.directives.findLast(({ start }) => lineStart(text, start) > server.start);
  const outer = indentOf(server.start);
  return last === undefined ? outer + (outer.startsWith('\t') ? '\t' : '    ') : indentOf(last.start);
}
