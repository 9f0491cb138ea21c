import { type CST, isMap, type Node, type YAMLMap, type YAMLSeq } from 'yaml';
import { FormatError } from '../format-error.ts';
import type { Value } from '../keyed-format.ts';
import { afterLineEnd, type Edit, lineEndOf, lineStart, lineStop } from '../text.ts';
import type { Found } from './read.ts';
import {
  blockScalarStart,
  collectionToken,
  colonOf,
  contentEnd,
  itemEnd,
  itemStart,
  openBlockScalar,
  tokenEnd,
} from './tokens.ts';
import { blockLines, inline, innerLines, type Style } from './write.ts';

/** What all edits of a text need to know about it. */
export interface Source {
  readonly text: string;
  readonly lineEnd: string;
  /** one level of indentation */
  readonly unit: string;
}

export function sourceOf(text: string, root: Node | null): Source {
  return { text, lineEnd: lineEndOf(text), unit: ' '.repeat(stepOf(root) ?? 2) };
}

function stepOf(node: Node | null): number | undefined {
  if (!isMap(node) || node.srcToken?.type !== 'block-map') {
    return undefined;
  }
  const outer = node.srcToken.indent;
  for (const { value } of node.items) {
    if (isMap(value) && value.srcToken?.type === 'block-map' && value.srcToken.indent > outer) {
      return value.srcToken.indent - outer;
    }
  }
  return undefined;
}

/** Adds `name: value` to an empty document. */
export function addToEmpty({ text, lineEnd, unit }: Source, name: string, value: Value): Edit[] {
  const at = contentEnd(text);
  const ended = at === 0 || /[\r\n\uFEFF]$/.test(text.slice(0, at)) ? '' : lineEnd;
  return [{ start: at, end: at, insert: ended + blockLines(name, value, '', unit).join(lineEnd) + lineEnd }];
}

/** Adds `name: value` as the map's last pair. */
export function addToMap(source: Source, map: YAMLMap, name: string, value: Value): Edit[] {
  const token = collectionToken(map);
  if (token.type === 'flow-collection') {
    return [addToFlow(token, token.items.length, inline({ [name]: value }, { flow: true }).slice(1, -1))];
  }
  const lines = blockLines(name, value, ' '.repeat(token.indent), source.unit);
  const last = token.items.at(-1);
  if (last === undefined || !endsOpen(last)) {
    return [linesBehind(source, tokenEnd(token), lines)];
  }
  // Some readers add the missing line end to the block scalar, others don't: it has to stay the last.
  const before = token.items.at(-2);
  const end = before === undefined ? undefined : itemEnd(before);
  return end === undefined ? [linesAbove(source, last, lines)] : [linesBehind(source, end, lines)];
}

/** Adds an item to a list, at an index. */
export function addToSeq(source: Source, seq: YAMLSeq, index: number, value: Value): Edit[] {
  const token = collectionToken(seq);
  if (token.type === 'flow-collection') {
    return [addToFlow(token, index, inline(value, { flow: true }))];
  }
  const line = `${' '.repeat(token.indent)}- ${inline(value)}`;
  const before = token.items[index - 1];
  const first = token.items[0];
  if (before !== undefined) {
    if (endsOpen(before)) {
      throw new FormatError(
        'the list ends in a block scalar without a line end, which some readers add to its value: end the file with a line end',
      );
    }
    return [linesBehind(source, itemEnd(before) ?? token.offset, [line])];
  }
  const at = lineStart(source.text, (first === undefined ? undefined : itemStart(first)) ?? token.offset);
  return [{ start: at, end: at, insert: line + source.lineEnd }];
}

function addToFlow(token: CST.FlowCollection, index: number, insert: string): Edit {
  const items = token.items.filter((item) => itemEnd(item) !== undefined);
  const before = items[Math.min(index, items.length) - 1];
  const first = items[0];
  if (before !== undefined) {
    const at = itemEnd(before) ?? token.offset;
    return { start: at, end: at, insert: `, ${insert}` };
  }
  const at = first === undefined ? token.offset + 1 : (itemStart(first) ?? token.offset + 1);
  return { start: at, end: at, insert: first === undefined ? insert : `${insert}, ` };
}

/** Whether an item ends in a block scalar that ends with the text, and lacks a line end there. */
function endsOpen(item: CST.CollectionItem | undefined): boolean {
  const scalar = item === undefined ? undefined : openBlockScalar(item);
  return scalar !== undefined && /[^\r\n]$/.test(scalar.source);
}

/** New lines before the line of an item, and before the comment lines right above that. */
function linesAbove({ text, lineEnd }: Source, item: CST.CollectionItem, lines: readonly string[]): Edit {
  let at = lineStart(text, itemStart(item) ?? 0);
  for (;;) {
    const above = lineStart(
      text,
      at - (/\r?\n$|\r$/.exec(text.slice(Math.max(0, at - 2), at))?.[0].length ?? 0),
    );
    if (above === at || !/^\uFEFF?[ \t]*#/.test(text.slice(above, at))) {
      break;
    }
    at = above;
  }
  const mark = at === 0 && text.startsWith('\uFEFF') ? 1 : 0;
  return { start: at + mark, end: at + mark, insert: lines.map((line) => line + lineEnd).join('') };
}

/** New lines after the line on which something ends. */
function linesBehind({ text, lineEnd }: Source, end: number, lines: readonly string[]): Edit {
  // A block scalar's source ends with its line end.
  const above = /(?:\r\n|\n|\r)$/.exec(text.slice(0, end))?.[0];
  if (above !== undefined) {
    return { start: end, end, insert: lines.map((line) => line + above).join('') };
  }
  const at = lineStop(text, end);
  // The line end that is used here, in a text that mixes them.
  const local = text.slice(at, afterLineEnd(text, at)) || lineEnd;
  return { start: at, end: at, insert: lines.map((line) => local + line).join('') };
}

/** Gives a pair a new value. */
export function setPair(source: Source, { map, pair }: Found, value: Value): Edit[] {
  const colon = colonOf(pair);
  const flow = collectionToken(map).type === 'flow-collection';
  const node = pair.value as Node | null;
  const token = node?.srcToken as CST.Token | undefined;
  const empty =
    token === undefined || ('source' in token && token.source === '' && token.type !== 'block-scalar');
  const filled = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
  const isNull = empty || readsNull(node);
  if (isNull && filled && !flow) {
    const indent = ' '.repeat(collectionToken(map).indent + source.unit.length);
    const edits = [
      linesBehind(
        source,
        token === undefined || empty ? colon : tokenEnd(token),
        innerLines(value, indent, source.unit),
      ),
    ];
    return empty || token === undefined
      ? edits
      : [{ start: colon, end: tokenEnd(token), insert: '' }, ...edits];
  }
  if (empty || token === undefined) {
    return [{ start: colon, end: colon, insert: ` ${inline(value, { flow })}` }];
  }
  return replaceToken(source, token, colon, inline(value, { flow, style: styleOf(token) }));
}

/** Replaces a list's item with another value. */
export function setItem(source: Source, seq: YAMLSeq, index: number, value: Value): Edit[] {
  const token = (seq.items[index] as Node | undefined)?.srcToken as CST.Token | undefined;
  if (
    token === undefined ||
    token.type === 'block-map' ||
    token.type === 'block-seq' ||
    token.type === 'block-scalar'
  ) {
    throw new FormatError('a list item over several lines: only single values can be changed in place');
  }
  const flow = collectionToken(seq).type === 'flow-collection';
  return replaceToken(source, token, token.offset, inline(value, { flow, style: styleOf(token) }));
}

function replaceToken({ text }: Source, token: CST.Token, colon: number, insert: string): Edit[] {
  if (token.type === 'block-scalar') {
    const header = token.props.find(({ type }) => type === 'block-scalar-header');
    if (header === undefined || !('source' in header)) {
      throw new FormatError('a block scalar without a header');
    }
    const start = blockScalarStart(token);
    // Blank lines after the last line with text stay.
    const lines = /^(?:[ \t]*\S[^\n]*(?:\n|$)|[ \t\r]*\n(?=[\s\S]*\S))*/.exec(token.source)?.[0] ?? '';
    return [
      { start: header.offset, end: header.offset + header.source.length, insert },
      { start, end: start + lines.length, insert: '' },
    ];
  }
  if (token.type === 'block-map' || token.type === 'block-seq') {
    const start = lineStart(text, token.offset);
    if (start <= colon) {
      throw new FormatError('a block that starts on the line of its key');
    }
    return [
      { start: colon, end: colon, insert: ` ${insert}` },
      { start, end: afterLineEnd(text, lineStopOf(text, tokenEnd(token))), insert: '' },
    ];
  }
  return [{ start: token.offset, end: tokenEnd(token), insert }];
}

/**
 * The end of the line on which something ends; for a block scalar, which ends after a line end, the end of
 * that line end.
 */
function lineStopOf(text: string, end: number): number {
  return /[\r\n]/.test(text[end - 1] ?? '')
    ? end - (text.slice(end - 2, end) === '\r\n' ? 2 : 1)
    : lineStop(text, end);
}

function readsNull(node: Node | null): boolean {
  return node === null || ('value' in node && node.value === null);
}

function styleOf(token: CST.Token): Style {
  const styles: Readonly<Record<string, Style>> = {
    scalar: 'plain',
    'single-quoted-scalar': 'single',
    'double-quoted-scalar': 'double',
  };
  return styles[token.type];
}
