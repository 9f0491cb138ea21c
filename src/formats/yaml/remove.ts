import { type CST, isMap, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import { FormatError } from '../format-error.ts';
import { afterLineEnd, type Edit, lineStart, lineStop } from '../text.ts';
import type { Source } from './edits.ts';
import type { Found } from './read.ts';
import { collectionToken, colonOf, itemEnd, itemStart, openBlockScalar } from './tokens.ts';

/**
 * Removes the last of `found`, and the pairs around it that held nothing else. Comments on their own lines
 * stay.
 */
export function removePair({ text }: Source, found: readonly Found[]): Edit[] {
  let top = found.length - 1;
  while (top > 0 && found[top]?.map.items.length === 1) {
    top--;
  }
  const lines: Edit[] = [];
  const outermost = found[top]?.map;
  for (const { map, pair } of found.slice(top)) {
    const token = collectionToken(map);
    const item = token.items.find((one) => one === (pair as { srcToken?: unknown }).srcToken);
    if (item === undefined) {
      throw new FormatError('the place of a pair is not known');
    }
    if (token.type === 'flow-collection') {
      const items = (token.items as readonly CST.CollectionItem[]).filter(
        (one) => itemEnd(one) !== undefined,
      );
      const index = items.indexOf(item);
      return [...lines, removeFromFlow(items, item, index, index === 0 ? 1 : 0)];
    }
    const onward = lines.length + top < found.length - 1 && isBlockMap(pair);
    lines.push(linesOfItem(text, itemStart(item), onward ? colonOf(pair) : itemEnd(item)));
    if (!onward) {
      break;
    }
  }
  const first = found[top]?.pair as { srcToken?: CST.CollectionItem } | undefined;
  const items: readonly CST.CollectionItem[] =
    outermost === undefined ? [] : collectionToken(outermost).items;
  const joined = joinedLines(lines);
  const at = first?.srcToken === undefined || joined.length > 1 ? -1 : items.indexOf(first.srcToken);
  return withLineEndBefore(text, joined, items[at - 1]);
}

/** Removes those pairs of a map, or items of a list, whose index is said to be gone; one has to stay. */
export function removeItems(
  { text }: Source,
  node: YAMLMap | YAMLSeq,
  isGone: (index: number) => boolean,
): Edit[] {
  const token = collectionToken(node);
  const items = (token.items as readonly CST.CollectionItem[]).filter((one) => itemEnd(one) !== undefined);
  if (items.length !== node.items.length) {
    throw new FormatError('the places of the items are not known');
  }
  if (token.type === 'flow-collection') {
    const firstKept = items.findIndex((_, i) => !isGone(i));
    return items.flatMap((item, i) => (isGone(i) ? [removeFromFlow(items, item, i, firstKept)] : []));
  }
  const gone = items.flatMap((_, i) => (isGone(i) ? [i] : []));
  const joined = joinedLines(
    gone.map((i) => linesOfItem(text, items[i] && itemStart(items[i]), items[i] && itemEnd(items[i]))),
  );
  const firstOfLast = gone.findLast((i) => !isGone(i - 1)) ?? 0;
  return withLineEndBefore(text, joined, items[firstOfLast - 1]);
}

/** Removals of whole lines, joined where one follows the other. */
function joinedLines(removals: readonly Edit[]): Edit[] {
  const joined: Edit[] = [];
  for (const edit of removals) {
    const before = joined.at(-1);
    if (before?.end === edit.start) {
      joined.splice(-1, 1, { ...edit, start: before.start });
    } else {
      joined.push(edit);
    }
  }
  return joined;
}

/**
 * A last line without a line end is removed with the line end before it, unless that is part of a block
 * scalar in the item above.
 */
function withLineEndBefore(text: string, removals: Edit[], above: CST.CollectionItem | undefined): Edit[] {
  const last = removals.at(-1);
  const scalar = above === undefined ? undefined : openBlockScalar(above);
  const kept = scalar !== undefined && scalar.source !== '';
  if (last === undefined || kept || last.end < text.length || /[\r\n]/.test(text.at(-1) ?? '')) {
    return removals;
  }
  const lead = /\r?\n$|\r$/.exec(text.slice(Math.max(0, last.start - 2), last.start))?.[0].length ?? 0;
  return [...removals.slice(0, -1), { ...last, start: last.start - lead }];
}

function removeFromFlow(
  items: readonly CST.CollectionItem[],
  item: CST.CollectionItem,
  index: number,
  firstKept: number,
): Edit {
  const [before, after] = [items[index - 1], items[index + 1]];
  if ([item, after].some((one) => one?.start.some(({ type }) => type === 'comment'))) {
    throw new FormatError('a comment within a flow collection would be lost');
  }
  const start = itemStart(item) ?? 0;
  const end = itemEnd(item) ?? start;
  if (before !== undefined && firstKept < index) {
    return { start: itemEnd(before) ?? start, end, insert: '' };
  }
  return { start, end: (after === undefined ? undefined : itemStart(after)) ?? end, insert: '' };
}

/** The whole lines from where something starts to where it ends, to be removed. */
function linesOfItem(text: string, start: number | undefined, end: number | undefined): Edit {
  if (start === undefined || end === undefined) {
    throw new FormatError('the place of a key is not known');
  }
  const begin = lineStart(text, start);
  const before = text.slice(begin, start).replace('\uFEFF', '');
  if (!/^ *$/.test(before)) {
    throw new FormatError(`${JSON.stringify(before)} is on the line to be removed`);
  }
  const from = text[begin] === '\uFEFF' ? begin + 1 : begin;
  const endsInLineEnd = /[\r\n]/.test(text[end - 1] ?? '');
  return { start: from, end: endsInLineEnd ? end : afterLineEnd(text, lineStop(text, end)), insert: '' };
}

function isBlockMap(pair: Pair): boolean {
  return isMap(pair.value) && pair.value.srcToken?.type === 'block-map';
}
