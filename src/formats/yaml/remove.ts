import { type CST, isMap, type Pair, type YAMLSeq } from 'yaml';
import { FormatError } from '../format-error.ts';
import { afterLineEnd, type Edit, lineStart, lineStop } from '../text.ts';
import type { Source } from './edits.ts';
import type { Found } from './read.ts';
import { type Collection, collectionToken, colonOf, itemEnd, itemStart, openBlockScalar } from './tokens.ts';

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
      return [...lines, removeFromFlow(token, item)];
    }
    const onward = lines.length + top < found.length - 1 && isBlockMap(pair);
    lines.push(linesOfItem(text, itemStart(item), onward ? colonOf(pair) : itemEnd(item)));
    if (!onward) {
      break;
    }
  }
  const first = found[top]?.pair as { srcToken?: CST.CollectionItem } | undefined;
  return outermost === undefined
    ? []
    : withLineEndBefore(text, lines, collectionToken(outermost), first?.srcToken);
}

/** Removes an item from a list. */
export function removeItem({ text }: Source, seq: YAMLSeq, index: number): Edit[] {
  const token = collectionToken(seq);
  const item = token.items.filter((one) => itemEnd(one) !== undefined)[index];
  if (item === undefined) {
    throw new FormatError('the place of a list item is not known');
  }
  return token.type === 'flow-collection'
    ? [removeFromFlow(token, item)]
    : withLineEndBefore(text, [linesOfItem(text, itemStart(item), itemEnd(item))], token, item);
}

/**
 * The removals of whole lines, joined where one follows the other. A last line without a line end goes with
 * the line end before it, unless that is part of a block scalar.
 */
function withLineEndBefore(
  text: string,
  removals: readonly Edit[],
  parent: Collection,
  item: CST.CollectionItem | undefined,
): Edit[] {
  const joined: Edit[] = [];
  for (const edit of removals) {
    const before = joined.at(-1);
    if (before?.end === edit.start) {
      joined.splice(-1, 1, { ...edit, start: before.start });
    } else {
      joined.push(edit);
    }
  }
  const last = joined.at(-1);
  const items: readonly CST.CollectionItem[] = parent.items;
  const above = item === undefined ? undefined : items[items.indexOf(item) - 1];
  const scalar = above === undefined ? undefined : openBlockScalar(above);
  const kept = joined.length === 1 && scalar !== undefined && scalar.source !== '';
  if (last === undefined || kept || last.end < text.length || /[\r\n]/.test(text.at(-1) ?? '')) {
    return joined;
  }
  const lead = /(?:\r\n|\n|\r)$/.exec(text.slice(0, last.start))?.[0].length ?? 0;
  return [...joined.slice(0, -1), { ...last, start: last.start - lead }];
}

function removeFromFlow(token: CST.FlowCollection, item: CST.CollectionItem): Edit {
  const items = token.items.filter((one) => itemEnd(one) !== undefined);
  const index = items.indexOf(item);
  const [before, after] = [items[index - 1], items[index + 1]];
  if ([item, after].some((one) => one?.start.some(({ type }) => type === 'comment'))) {
    throw new FormatError('a comment within a flow collection would be lost');
  }
  const start = itemStart(item) ?? token.offset;
  const end = itemEnd(item) ?? start;
  if (before !== undefined) {
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
