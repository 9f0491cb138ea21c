import { type CST, type Pair, Parser, type YAMLMap, type YAMLSeq } from 'yaml';
import { FormatError } from '../format-error.ts';

/** The source of a map or list. */
export type Collection = CST.BlockMap | CST.BlockSequence | CST.FlowCollection;

/** The offset at which the document's content ends: that of its `...`, or else the end of the text. */
export function contentEnd(text: string): number {
  for (const token of new Parser().parse(text)) {
    if (token.type === 'doc-end') {
      return token.offset;
    }
  }
  return text.length;
}

/** Where a token's source ends, without the blanks, comments and line ends after it. */
export function tokenEnd(token: CST.Token): number {
  switch (token.type) {
    case 'block-map':
    case 'block-seq': {
      const last = token.items.findLast((item) => itemEnd(item) !== undefined);
      return (last === undefined ? undefined : itemEnd(last)) ?? token.offset;
    }
    case 'flow-collection': {
      const close = token.end.find(({ type }) => type === 'flow-map-end' || type === 'flow-seq-end');
      return close === undefined ? token.offset + 1 : close.offset + 1;
    }
    case 'block-scalar': {
      return blockScalarStart(token) + token.source.length;
    }
    default:
      return 'source' in token ? token.offset + token.source.length : token.offset;
  }
}

/** Where the lines of a block scalar start, after its header. */
export function blockScalarStart(token: CST.BlockScalar): number {
  const header = token.props.at(-1);
  return header === undefined || !('source' in header) ? token.offset : header.offset + header.source.length;
}

const INSIGNIFICANT: ReadonlySet<string> = new Set(['space', 'newline', 'comment', 'comma']);

/** Where an item's own text ends; undefined for an item without text (after a trailing comma). */
export function itemEnd(item: CST.CollectionItem): number | undefined {
  const last = [...item.start, ...(item.sep ?? [])].findLast(({ type }) => !INSIGNIFICANT.has(type));
  const ends = [item.value, item.key].filter((token) => token !== undefined && token !== null).map(tokenEnd);
  const all = [...ends, ...(last === undefined ? [] : [last.offset + last.source.length])];
  return all.length === 0 ? undefined : Math.max(...all);
}

/** The block scalar in which an item ends, to which the line ends behind it may belong. */
export function openBlockScalar(item: CST.CollectionItem): CST.BlockScalar | undefined {
  const token = item.value ?? item.key;
  if (token?.type === 'block-scalar') {
    return token;
  }
  const last = token?.type === 'block-map' || token?.type === 'block-seq' ? token.items.at(-1) : undefined;
  return last === undefined ? undefined : openBlockScalar(last);
}

/** Where an item's own text starts: at its indicator, its properties or its key. */
export function itemStart(item: CST.CollectionItem): number | undefined {
  const first = item.start.find(({ type }) => !INSIGNIFICANT.has(type));
  return first?.offset ?? item.key?.offset ?? item.sep?.[0]?.offset ?? item.value?.offset;
}

/** A collection's token; FormatError for a form that can't be edited. */
export function collectionToken(node: YAMLMap | YAMLSeq): Collection {
  const token = node.srcToken;
  if (token?.type !== 'block-map' && token?.type !== 'block-seq' && token?.type !== 'flow-collection') {
    throw new FormatError('a collection in an unsupported form');
  }
  return token;
}

/** The offset behind a pair's colon. */
export function colonOf(pair: Pair): number {
  const item = (pair as { srcToken?: CST.CollectionItem }).srcToken;
  const colon = item?.sep?.find(({ type }) => type === 'map-value-ind');
  if (colon === undefined) {
    throw new FormatError('a key without ":"');
  }
  return colon.offset + colon.source.length;
}
