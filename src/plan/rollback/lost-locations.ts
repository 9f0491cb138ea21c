import type { PathState } from '../../model/snapshot.ts';
import type { ItemFormats, Managed } from '../../virtual/managed.ts';
import { itemValue } from '../items.ts';

/**
 * The nodes that people no longer reach through this host once the run is undone: those whose locations it
 * had brought. `items`: what the run set; `before` and `after`: its path now, and as it will be.
 */
export function lostLocations(
  items: readonly Managed[],
  states: (path: string) => { readonly before: PathState; readonly after: PathState },
  formats: ItemFormats,
): readonly string[] {
  const nodes = items.flatMap((item) => {
    const node = formats.get(item.format)?.locationsOf?.(item.key);
    if (node === undefined) return [];
    const { before, after } = states(item.path);
    const isThere = (state: PathState) => itemValue(item, state, formats).kind !== 'absent';
    return isThere(before) && !isThere(after) ? [node] : [];
  });
  return [...new Set(nodes)];
}

/** More aren't named in a line. */
const mostNamed = 8;

/** What people lose, in words; '' where they lose nothing. */
export function lostWords(nodes: readonly string[]): string {
  const more = nodes.length - mostNamed;
  const named = more > 0 ? [...nodes.slice(0, mostNamed), `${more} more`] : nodes;
  if (named.length === 0) return '';
  return `the locations of ${[named.slice(0, -1).join(', '), ...named.slice(-1)].filter((one) => one !== '').join(' and ')}`;
}
