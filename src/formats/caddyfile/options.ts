import { FormatError } from '../format-error.ts';
import { managedBlockRanges, managedBlocks, removeManagedBlock, setManagedBlock } from '../managed-blocks.ts';
import { afterLineEnd, applyEdits, lineEndOf, lineStop } from '../text.ts';
import { caddyfileOf } from './sites.ts';

/** The lines of global options between the markers of NAME, as within a block; undefined without markers. */
export function ownOptions(text: string, name: string): string | undefined {
  const lines = managedBlocks(text)
    .get(name)
    ?.split(/\r?\n/)
    .filter((line) => line !== '');
  const isWhole = lines?.[0] === '{' && lines.at(-1) === '}';
  return (isWhole ? lines.slice(1, -1) : lines)?.map((line) => line.replace(/^\t/, '')).join('\n');
}

/**
 * The text with these lines among Caddy's global options, between the markers of NAME: at the top of the
 * block of options or, where there is none, in one of their own at the beginning of the file, since it has to
 * be the first of all. FormatError where the result has no such block.
 */
export function insertOptions(text: string, name: string, lines: string): string {
  if (ownOptions(text, name) === lines) return text;
  const lineEnd = lineEndOf(text);
  const inner = lines
    .split('\n')
    .map((line) => `\t${line}${lineEnd}`)
    .join('');
  const there = managedBlockRanges(text).get(name);
  const open = caddyfileOf(text).options?.block?.open;
  const isWithin = open !== undefined && (there === undefined || open.start < there.start);
  const body = isWithin ? inner : `{${lineEnd}${inner}}${lineEnd}`;
  if (there !== undefined) return setManagedBlock(text, name, body);
  const bom = text.startsWith('\uFEFF') ? 1 : 0;
  const at = open === undefined ? bom : afterLineEnd(text, lineStop(text, open.end));
  const after = applyEdits(text, [{ start: at, end: at, insert: setManagedBlock('', name, body) }]);
  if (caddyfileOf(after).options?.block === undefined || ownOptions(after, name) !== lines) {
    throw new FormatError('no global options can be added at the beginning');
  }
  return after;
}

/** The text without the lines of NAME, and without the block that was made for them. */
export function removeOptions(text: string, name: string): string {
  const after = removeManagedBlock(text, name);
  // A byte order mark stands on the same line as the first marker.
  return text.startsWith('\uFEFF') && !after.startsWith('\uFEFF') ? `\uFEFF${after}` : after;
}
