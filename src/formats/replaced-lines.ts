import { createHash } from 'node:crypto';
import { diffArrays } from 'diff';
import { applyEdits, type Edit, lineEndOf, linesOf } from './text.ts';

/**
 * Lines that an edit replaced by others, and where: what has to be known to put exactly these bytes back in
 * a text that has been edited elsewhere since. Lines have their line ends.
 */
export interface ReplacedLines {
  /** number of lines before it, in the edited text */
  readonly line: number;
  readonly was: string;
  readonly wrote: string;
  /** marks of the lines around it in the edited text, nearest first; of a line that may not be told: '' */
  readonly above: readonly string[];
  readonly below: readonly string[];
}

/** How many lines around an edit are noted. */
const noted = 3;
const beginning = '^';
const ending = '$';

/**
 * What an edit replaced, in order. `mayTell` says of a line whether its mark may be noted: from it, a short
 * secret could be guessed.
 */
export function replacedLines(
  before: string,
  after: string,
  mayTell: (line: string) => boolean = () => true,
): readonly ReplacedLines[] {
  const [old, young] = [pieces(before), pieces(after)];
  const marks = young.map((line) => (mayTell(line) ? markOf(line) : ''));
  return differences(old, young).map(({ start, was, wrote }) => ({
    line: start,
    was: was.join(''),
    wrote: wrote.join(''),
    above: [...marks.slice(0, start).reverse(), beginning].slice(0, noted),
    below: [...marks.slice(start + wrote.length), ending].slice(0, noted),
  }));
}

/**
 * The text with all these edits undone; undefined if what one of them wrote is no longer there exactly.
 * `asWritten`: also if it can't be told from the text in which they have been undone already.
 */
export function putLinesBack(
  text: string,
  replaced: readonly ReplacedLines[],
  { asWritten = false } = {},
): string | undefined {
  const lines = pieces(text);
  const starts = [0];
  for (const line of lines) starts.push((starts.at(-1) ?? 0) + line.length);
  const edits: Edit[] = [];
  let free = 0;
  for (const one of replaced) {
    const wrote = pieces(one.wrote);
    const at = placeOf(lines, wrote, one, asWritten);
    if (at === undefined || at < free) return undefined;
    free = at + wrote.length;
    const [start = 0, end = 0] = [starts[at], starts[free]];
    edits.push({ start, end, insert: asLinesAt(text, start, end, one) });
  }
  return applyEdits(text, edits);
}

/**
 * Lines between others need a line end, even if they had none at the end of their text; and a text that ends
 * without one now goes on to do so.
 */
function asLinesAt(text: string, start: number, end: number, { was, wrote }: ReplacedLines): string {
  if (was === '') return '';
  const there = text.slice(start, end);
  if (endsLine(wrote) && there !== '' && !endsLine(there)) return bare(was);
  const isEnded = endsLine(there) && !endsLine(wrote);
  const open = start > 0 && !endsLine(text.slice(0, start));
  const close = !endsLine(was) && (end < text.length || isEnded);
  return (open ? lineEndOf(text) : '') + was + (close ? lineEndOf(text) : '');
}

function endsLine(text: string): boolean {
  return /[\r\n]$/.test(text.slice(-1));
}

/** The number of lines above the place; undefined if what was written is nowhere, or may be elsewhere. */
function placeOf(
  lines: readonly string[],
  wrote: readonly string[],
  { line, was, above, below }: ReplacedLines,
  asWritten: boolean,
): number | undefined {
  const gone = pieces(was);
  const isPart = gone.some((_, i) => isAt(gone, wrote, i));
  const candidates: { readonly at: number; readonly alike: number }[] = [];
  for (let at = 0; at + wrote.length <= lines.length; at++) {
    if (!isAt(lines, wrote, at)) continue;
    const over = agreement(above, (i) => (i > at ? undefined : (lines[at - 1 - i] ?? beginning)));
    const behind = at + wrote.length;
    const under = agreement(below, (i) =>
      i > lines.length - behind ? undefined : (lines[behind + i] ?? ending),
    );
    // Where nothing is left of an edit, only its neighbours tell where it was.
    const isSure = over === weightOf(above) && under === weightOf(below);
    const isLikely = wrote.length > 0 || over + under > 0;
    if (isSure || (isLikely && !(asWritten && isPart) && !isBack(lines, gone, wrote, at))) {
      candidates.push({ at, alike: over + under });
    }
  }
  const most = candidates.reduce((best, { alike }) => Math.max(best, alike), 0);
  const [nearest] = candidates
    .filter(({ alike }) => alike === most)
    .sort((a, b) => Math.abs(a.at - line) - Math.abs(b.at - line));
  return nearest?.at;
}

/** Whether what was written, at a place, is a part of the lines that it replaced, which are there. */
function isBack(
  lines: readonly string[],
  gone: readonly string[],
  wrote: readonly string[],
  at: number,
): boolean {
  for (let part = 0; part + wrote.length <= gone.length; part++) {
    if (isAt(gone, wrote, part) && gone.length > 0 && isAt(lines, gone, at - part)) return true;
  }
  return false;
}

function isAt(lines: readonly string[], part: readonly string[], at: number): boolean {
  // Whatever follows a last line without a line end gives it one, and whatever takes that away takes it too.
  return part.every((one, i) => {
    const line = lines[at + i];
    if (line === undefined || one === line) return one === line;
    return endsLine(one) !== endsLine(line) && bare(one) === bare(line);
  });
}

/** How much the marks agree with the lines, from the nearest on. */
function agreement(marks: readonly string[], lineAt: (index: number) => string | undefined): number {
  const other = marks.findIndex((mark, i) => {
    const line = lineAt(i);
    if (line === undefined) return true;
    return mark !== (line === beginning || line === ending ? line : markOf(line));
  });
  return weightOf(other < 0 ? marks : marks.slice(0, other));
}

/** Every text has a beginning and an end: that says less than a line does. */
function weightOf(marks: readonly string[]): number {
  return marks.reduce((sum, mark) => sum + (mark === beginning || mark === ending ? 1 : 2), 0);
}

function bare(line: string): string {
  return line.replace(/(?:\r\n|\n|\r)$/, '');
}

function markOf(line: string): string {
  return createHash('sha256').update(bare(line)).digest('hex').slice(0, 8);
}

function pieces(text: string): readonly string[] {
  return linesOf(text).map(({ start, next }) => text.slice(start, next));
}

interface Difference {
  /** in the edited text */
  readonly start: number;
  readonly was: readonly string[];
  readonly wrote: readonly string[];
}

/** More differences than an edit of ours makes; finding out about more takes too long. */
const mostDifferences = 400;

function differences(old: readonly string[], young: readonly string[]): readonly Difference[] {
  const shorter = Math.min(old.length, young.length);
  let head = 0;
  while (head < shorter && old[head] === young[head]) head++;
  let tail = 0;
  while (tail < shorter - head && old.at(-1 - tail) === young.at(-1 - tail)) tail++;
  const [was, wrote] = [old.slice(head, old.length - tail), young.slice(head, young.length - tail)];
  if (was.length === 0 && wrote.length === 0) return [];
  const parts = diffArrays([...was], [...wrote], { maxEditLength: mostDifferences });
  if (parts === undefined) return [{ start: head, was, wrote }];
  const found: { start: number; was: string[]; wrote: string[] }[] = [];
  let at = head;
  let open = false;
  for (const { added, removed, value } of parts) {
    if (!added && !removed) {
      at += value.length;
      open = false;
      continue;
    }
    if (!open) found.push({ start: at, was: [], wrote: [] });
    open = true;
    const last = found.at(-1);
    if (removed) last?.was.push(...value);
    else last?.wrote.push(...value);
    if (added) at += value.length;
  }
  return found;
}
