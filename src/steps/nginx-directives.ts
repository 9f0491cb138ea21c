import { type Directive, removeDirective, scanNginx } from '../formats/nginx.ts';

/** All directives of a text, those within blocks too, in order. */
export function allDirectives(text: string): readonly Directive[] {
  return flatten(scanNginx(text));
}

function flatten(directives: readonly Directive[]): readonly Directive[] {
  return directives.flatMap((directive) => [directive, ...flatten(directive.block?.directives ?? [])]);
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
