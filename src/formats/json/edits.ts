import type { Node } from 'jsonc-parser';
import { FormatError } from '../format-error.ts';
import type { Value } from '../keyed-format.ts';
import { afterLineEnd, type Edit, lineEndOf, lineStart } from '../text.ts';
import { behindComments, commaBehind, endOf, hasComment } from './read.ts';

/** A value as JSON: over several lines below `indent`, or on one line if `indent` is undefined. */
export function written(text: string, value: Value, indent: string | undefined): string {
  refuseNonFinite(value);
  if (indent === undefined) {
    const json = JSON.stringify(value, null, 1);
    // Line ends in this output are only between elements, since those within strings are escaped.
    return /":\S/.test(text)
      ? JSON.stringify(value)
      : json.replace(/(?<=[[{])\n\s*|\n\s*(?=[\]}])/g, '').replace(/\n\s*/g, ' ');
  }
  return JSON.stringify(value, null, unitOf(text)).replaceAll('\n', lineEndOf(text) + indent);
}

function refuseNonFinite(value: Value): void {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new FormatError(`${value} is not a number in JSON`);
  }
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(refuseNonFinite);
  }
}

/** One level of indentation: that of the first indented line. */
function unitOf(text: string): string {
  return /^[ \t]*[[{][^\n]*\n(?:[ \t]*(?:\/\/[^\n]*)?\r?\n)*([ \t]+)["[{\]}/]/m.exec(text)?.[1] ?? '  ';
}

/**
 * Adds an element (`"name": value` or a value) to an object or list, before the child at `index` or at the
 * end.
 */
export function addChild(
  text: string,
  parent: Node,
  index: number,
  name: string | undefined,
  value: Value,
): Edit[] {
  const children = parent.children ?? [];
  const first = children[0];
  const close = endOf(parent) - 1;
  const lines =
    first === undefined
      ? /[\r\n]/.test(text) || text.trim() === '{}'
      : /[\r\n]/.test(text.slice(parent.offset, first.offset));
  const outer = indentAt(text, parent.offset);
  const indent = first !== undefined && lines ? indentAt(text, first.offset) : outer + unitOf(text);
  const colon = !lines && /":\S/.test(text) ? ':' : ': ';
  const element =
    (name === undefined ? '' : JSON.stringify(name) + colon) +
    written(text, value, lines ? indent : undefined);
  const lineEnd = lineEndOf(text);
  const next = children[index];
  const last = children.at(-1);
  if (next !== undefined) {
    const ownLine = /^[ \t]*$/.test(text.slice(lineStart(text, next.offset), next.offset)) && lines;
    return [
      { start: next.offset, end: next.offset, insert: `${element},${ownLine ? lineEnd + indent : ' '}` },
    ];
  }
  if (last !== undefined) {
    if (!lines) {
      return [{ start: endOf(last), end: endOf(last), insert: (colon === ':' ? ',' : ', ') + element }];
    }
    const behind = behindComments(text, endOf(last));
    return [
      { start: endOf(last), end: endOf(last), insert: ',' },
      { start: behind, end: behind, insert: lineEnd + indent + element },
    ];
  }
  if (!hasComment(text, parent.offset + 1, close)) {
    const insert = lines ? `${lineEnd}${indent}${element}${lineEnd}${outer}` : element;
    return [{ start: parent.offset + 1, end: close, insert }];
  }
  const closing = close - blanksBefore(text, close);
  if (closing === lineStart(text, close)) {
    return [{ start: closing, end: closing, insert: indent + element + lineEnd }];
  }
  return [{ start: close, end: close, insert: `${lineEnd}${indent}${element}${lineEnd}${outer}` }];
}

/** Removes children from an object or list. Comments beside them and on their own lines stay. */
export function removeChildren(text: string, parent: Node, gone: ReadonlySet<Node>): Edit[] {
  const children = parent.children ?? [];
  const [child] = gone;
  const [open, close] = [parent.offset + 1, endOf(parent) - 1];
  if (child !== undefined && children.length === 1) {
    if (!hasComment(text, open, child.offset) && !hasComment(text, endOf(child), close)) {
      return [{ start: open, end: close, insert: '' }];
    }
  }
  const firstKept = children.findIndex((one) => !gone.has(one));
  const lastKept = children.findLastIndex((one) => !gone.has(one));
  const edits = children.flatMap((one, i) =>
    gone.has(one)
      ? removalOf(text, one, firstKept < i ? children[i - 1] : undefined, children[i + 1], i > lastKept)
      : [],
  );
  const kept = children[lastKept];
  const comma =
    kept === undefined || lastKept === children.length - 1 ? undefined : commaBehind(text, endOf(kept));
  return united(comma === undefined ? edits : [{ start: comma, end: comma + 1, insert: '' }, ...edits]);
}

/** The removal of a child between its neighbours, with the comma behind it. */
function removalOf(
  text: string,
  child: Node,
  before: Node | undefined,
  after: Node | undefined,
  atEnd: boolean,
): Edit[] {
  const end = endOf(child);
  const comma = commaBehind(text, end);
  const begin = child.offset - blanksBefore(text, child.offset);
  const behind = behindComments(text, comma === undefined ? end : comma + 1);
  const stop = behind + blanksAt(text, behind);
  if (isLineStart(text, begin) && (stop === text.length || /[\r\n]/.test(text[stop] ?? ''))) {
    return [{ start: begin, end: afterLineEnd(text, stop), insert: '' }];
  }
  const [from, to] = before !== undefined ? [endOf(before), end] : [child.offset, after?.offset ?? end];
  const alone = before === undefined && after === undefined;
  if (!alone && !hasComment(text, from, child.offset) && !hasComment(text, end, to)) {
    return [{ start: from, end: to, insert: '' }];
  }
  // The comments around it stay; of the blanks, those that stood between it and what stays.
  const own: Edit = atEnd
    ? { start: begin, end, insert: '' }
    : { start: child.offset, end: end + blanksAt(text, end), insert: '' };
  if (comma === undefined) {
    return [own];
  }
  const blanks = comma === end && !atEnd ? blanksAt(text, comma + 1) : 0;
  return [own, { start: comma, end: comma + 1 + blanks, insert: '' }];
}

/** Removals that don't overlap. */
function united(removals: readonly Edit[]): Edit[] {
  const all: Edit[] = [];
  for (const edit of [...removals].sort((a, b) => a.start - b.start)) {
    const before = all.at(-1);
    if (before !== undefined && edit.start <= before.end) {
      all.splice(-1, 1, { ...before, end: Math.max(before.end, edit.end) });
    } else {
      all.push(edit);
    }
  }
  return all;
}

function isLineStart(text: string, offset: number): boolean {
  return offset === 0 || /[\r\n]/.test(text[offset - 1] ?? '');
}

function blanksBefore(text: string, offset: number): number {
  let at = offset;
  while (text[at - 1] === ' ' || text[at - 1] === '\t') at--;
  return offset - at;
}

function blanksAt(text: string, offset: number): number {
  let at = offset;
  while (text[at] === ' ' || text[at] === '\t') at++;
  return at - offset;
}

/** Replaces a node with another value: on one line if a non-empty collection was on one line. */
export function replaceNode(text: string, node: Node, value: Value): Edit[] {
  const old = text.slice(node.offset, endOf(node));
  const oneLine = (node.children ?? []).length > 0 ? !/[\r\n]/.test(old) : !/[\r\n]/.test(text);
  const insert = written(text, value, oneLine ? undefined : indentAt(text, node.offset));
  return [{ start: node.offset, end: endOf(node), insert }];
}

function indentAt(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset)).replace(/^\uFEFF/, ''))?.[0] ?? '';
}
