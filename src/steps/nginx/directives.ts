import { type Directive, removeDirective, scanWalkable } from '../../formats/nginx.ts';

/**
 * The directives that apply to a whole server: those of a fragment that servers include, and those directly
 * within a `server` block. Directives under a condition or in a location aren't among them.
 */
export function serverDirectives(text: string): readonly Directive[] {
  return opened(scanWalkable(text));
}

function opened(directives: readonly Directive[]): readonly Directive[] {
  return directives.flatMap((directive) =>
    directive.name === 'server' || directive.name === 'http'
      ? opened(directive.block?.directives ?? [])
      : [directive],
  );
}

/**
 * The text without the directives that `unwanted` selects, removed one after the other because offsets
 * change.
 */
export function removeDirectives(text: string, unwanted: (text: string) => readonly Directive[]): string {
  let rest = text;
  for (let next = unwanted(rest)[0]; next !== undefined; next = unwanted(rest)[0]) {
    rest = removeDirective(rest, next);
  }
  return rest;
}

/** Whether a text has no meaning to nginx. */
export function isHollowNginx(text: string): boolean {
  return scanWalkable(text).length === 0;
}

/** The line of an offset, from 1. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
