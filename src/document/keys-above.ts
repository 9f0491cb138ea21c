/** No value that an operator writes has more lines than this. */
const farthest = 500;

/**
 * The keys under which a line of a YAML text is, from the outermost, by indentation alone: the text may have
 * mistakes. `line` counts from 1. Of a line with an open bracket, every key counts.
 */
export function keysAbove(lines: readonly string[], line: number): readonly string[] {
  const above: string[][] = [];
  let column = columnOf(lines[line - 1] ?? '');
  for (let index = line - 2; index >= Math.max(0, line - 1 - farthest) && column > 0; index--) {
    const text = lines[index] ?? '';
    if (/^\s*(?:#.*)?$/.test(text) || columnOf(text) >= column) continue;
    column = columnOf(text);
    const keys = [...text.matchAll(/(?:^[\s-]*|[\s{[,])["']?([\w.-]+)["']?[ \t]*:(?=\s|$)/g)].map(
      ([, key = '']) => key,
    );
    if (keys.length > 0) above.push(isOpen(text) ? keys : keys.slice(0, 1));
  }
  return above.toReversed().flat();
}

/** Where a line's content begins, after the dashes of a list. */
function columnOf(text: string): number {
  return /^\s*(?:-[ \t]+)*/.exec(text)?.[0].length ?? 0;
}

function isOpen(text: string): boolean {
  const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
  return count(/[{[]/g) > count(/[}\]]/g);
}
