import { type Directive, removeDirective, scanNginx } from '../../formats/nginx.ts';

/**
 * The directives that are about a whole server: those of a fragment that servers include, and those directly
 * within a `server` block. What stands under a condition or in a location isn't among them.
 */
export function serverDirectives(text: string): readonly Directive[] {
  return opened(scanNginx(text));
}

function opened(directives: readonly Directive[]): readonly Directive[] {
  return directives.flatMap((directive) =>
    directive.name === 'server' || directive.name === 'http'
      ? opened(directive.block?.directives ?? [])
      : [directive],
  );
}

/** The text without the directives that `unwanted` picks out of it, one after the other, as offsets move. */
export function removeDirectives(text: string, unwanted: (text: string) => readonly Directive[]): string {
  let rest = text;
  for (let next = unwanted(rest)[0]; next !== undefined; next = unwanted(rest)[0]) {
    rest = removeDirective(rest, next);
  }
  return rest;
}

/** Whether a text says nothing to nginx. */
export function isHollowNginx(text: string): boolean {
  return scanNginx(text).length === 0;
}

/** The line of an offset, from 1. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
