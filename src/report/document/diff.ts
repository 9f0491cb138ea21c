import { structuredPatch } from 'diff';
import { clean, cleanLine } from '../../document/clean-text.ts';
import { decode } from '../../formats/decode.ts';
import type { Change } from '../../model/change.ts';
import type { Ownership, PathState } from '../../model/snapshot.ts';
import { maskFile } from '../../secrets/mask-file.ts';

/** A change as a person reads it. Secrets are hidden and control characters made visible in all of it. */
export interface ChangeDiff {
  /** what a diff of texts doesn't say, in words: mode, owner, link targets, line ends */
  readonly notes: readonly string[];
  /** unified diff (diffutils, "Unified Format"), one entry a line; none where no text changes */
  readonly lines: readonly string[];
}

/**
 * More differing lines than this: the whole text is shown as removed and added, instead of searching for
 * long.
 */
const maximumEditLength = 1500;
const context = 3;

/**
 * What a change does to its path. The real texts are compared and the masked ones shown, line for line, so
 * that a change of nothing but a secret is a change here too.
 */
export function diffOf(change: Change): ChangeDiff {
  const { before, after } = change;
  if (after.kind === 'pending') return { notes: [`known after ${cleanLine(after.after)}`], lines: [] };
  if (change.kind === 'unit')
    return { notes: [...unitNotes(before, after), ...knownNotes(change)], lines: [] };
  const notes = [
    ...knownNotes(change),
    ...kindNotes(before, after),
    ...ownershipNotes(before, after),
    ...targetNotes(before, after),
  ];
  if (!hasText(before) && !hasText(after)) return { notes, lines: [] };
  if (change.secret?.shown === 'nothing') return { notes: [...notes, contentWords(change)], lines: [] };
  const shownTexts = change.secret;
  const [old, young] = [
    textOf(change.path, before, shownTexts?.before),
    textOf(change.path, after, shownTexts?.after),
  ];
  if (old === undefined || young === undefined)
    return { notes: [...notes, ...binaryNotes(before, after)], lines: [] };
  if (old.text === young.text) {
    const created = before.kind !== 'file' || after.kind === 'absent';
    return { notes: created ? [...notes, 'the file is empty'] : notes, lines: [] };
  }
  const carriageReturns = carriageReturnsOf(old, young);
  const shown = { before: shownLines(old, carriageReturns), after: shownLines(young, carriageReturns) };
  const hunks = hunksOf(old.text, young.text);
  const body = hunks.flatMap((hunk) => hunkLines(hunk, shown));
  return {
    notes: [...notes, ...lineEndNotes(old, young), ...hiddenNotes(hunks, shown)],
    lines: [...headers(change), ...body],
  };
}

/** All of it as one text: what patch(1) ignores comes first. */
export function diffText(change: Change): string {
  const { notes, lines } = diffOf(change);
  return [...notes.map((note) => `# ${note}`), ...lines].map((line) => `${line}\n`).join('');
}

/** Owner and group as chown(1) takes them. */
export function ownerOf(state: Ownership): string {
  return `${cleanLine(state.user)}:${cleanLine(state.group)}`;
}

/** Permission bits as chmod(1) takes them, four digits. */
export function modeOf(state: Ownership): string {
  return state.mode.toString(8).padStart(4, '0');
}

interface Text {
  readonly text: string;
  readonly masked: string;
}

/**
 * The text of a state, `concealed` in place of it where it holds secrets of the inventory; undefined where
 * it's no text.
 */
function textOf(path: string, state: PathState, concealed: string | undefined): Text | undefined {
  if (state.kind !== 'file') return { text: '', masked: '' };
  if (state.content.includes(0)) return undefined;
  const { text } = decode(state.content);
  return { text, masked: maskFile(path, concealed ?? text) };
}

/**
 * Its lines could tell too much of a secret: where it begins, how long it is, what else is in a file made for
 * it.
 */
function contentWords({ before, after }: Change): string {
  if (before.kind !== 'file' || after.kind !== 'file') return 'its content is not shown: it holds a secret';
  return before.content.equals(after.content)
    ? 'the content stays the same'
    : 'content differs, but is not shown: it holds a secret';
}

function hasText(state: PathState): boolean {
  return state.kind === 'file';
}

function headers(change: Change): readonly string[] {
  const path = cleanLine(change.path);
  return [
    `--- ${change.before.kind === 'file' ? `a${path}` : '/dev/null'}`,
    `+++ ${change.after.kind === 'file' ? `b${path}` : '/dev/null'}`,
  ];
}

interface Hunk {
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
  readonly lines: readonly string[];
}

function hunksOf(before: string, after: string): readonly Hunk[] {
  const options = { context, maxEditLength: maximumEditLength };
  const patch = structuredPatch('', '', before, after, undefined, undefined, options);
  return patch?.hunks ?? [wholeHunk(before, after)];
}

function wholeHunk(before: string, after: string): Hunk {
  const sides = (text: string, sign: string) => {
    const lines = text.split('\n');
    const end = lines.at(-1) === '' ? [] : ['\\ No newline at end of file'];
    if (end.length === 0) lines.pop();
    return { count: lines.length, lines: [...lines.map((line) => sign + line), ...end] };
  };
  const [old, young] = [sides(before, '-'), sides(after, '+')];
  return {
    oldStart: 1,
    oldLines: old.count,
    newStart: 1,
    newLines: young.count,
    lines: [...old.lines, ...young.lines],
  };
}

interface Shown {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** A hunk with the masked lines in place of the real ones. */
function hunkLines(hunk: Hunk, shown: Shown): readonly string[] {
  const lines = [`@@ -${range(hunk.oldStart, hunk.oldLines)} +${range(hunk.newStart, hunk.newLines)} @@`];
  for (const { sign, before, after } of positions(hunk)) {
    if (sign === '\\') lines.push('\\ No newline at end of file');
    else lines.push(sign + ((sign === '-' ? shown.before[before] : shown.after[after]) ?? ''));
  }
  return lines;
}

/** Each line of a hunk with its sign and its places (from 0) in both texts. */
function positions(hunk: Hunk): readonly { sign: string; before: number; after: number }[] {
  let before = hunk.oldStart - 1;
  let after = hunk.newStart - 1;
  return hunk.lines.map((line) => {
    const sign = line[0] ?? ' ';
    const position = { sign, before, after };
    if (sign === ' ' || sign === '-') before++;
    if (sign === ' ' || sign === '+') after++;
    return position;
  });
}

function range(start: number, length: number): string {
  if (length === 1) return String(start);
  // A side without lines names the line before, as diff(1) does.
  return length === 0 ? `${start - 1},0` : `${start},${length}`;
}

/** Whether carriage returns are worth showing: not where all lines of both texts end alike. */
function carriageReturnsOf(old: Text, young: Text): 'shown' | 'uniform' {
  const uniform = [old.text, young.text].every(
    (text) => text === '' || /^(?:[^\r\n]*\r\n)*[^\r\n]*$/.test(text),
  );
  return uniform ? 'uniform' : 'shown';
}

function shownLines({ masked }: Text, carriageReturns: 'shown' | 'uniform'): readonly string[] {
  return masked.split('\n').map((line) => {
    const content = carriageReturns === 'uniform' ? line.replace(/\r$/, '') : line;
    return clean(content).replace(/\n/g, '');
  });
}

function lineEndNotes(old: Text, young: Text): readonly string[] {
  const ends = [old, young].map(({ text }) => lineEnds(text));
  const [before, after] = ends;
  if (old.text !== '' && young.text !== '' && before !== after)
    return [`line endings: ${before} becomes ${after}`];
  return ends.includes('CR LF') ? ['lines end in CR LF, before and after'] : [];
}

function lineEnds(text: string): string {
  const all = text.match(/\n/g)?.length ?? 0;
  const withCarriageReturn = text.match(/\r\n/g)?.length ?? 0;
  if (withCarriageReturn === 0) return 'LF';
  return withCarriageReturn === all ? 'CR LF' : 'a mix of LF and CR LF';
}

/** Says so where removed and added lines look the same because what differs is hidden. */
function hiddenNotes(hunks: readonly Hunk[], shown: Shown): readonly string[] {
  for (const hunk of hunks) {
    const places = positions(hunk);
    const removed = places.filter(({ sign }) => sign === '-').map(({ before }) => shown.before[before]);
    const added = new Set(places.filter(({ sign }) => sign === '+').map(({ after }) => shown.after[after]));
    if (removed.some((line) => line?.includes('********') && added.has(line))) {
      return ['a value that is hidden here changes'];
    }
  }
  return [];
}

function kindNotes(before: PathState, after: PathState): readonly string[] {
  if (before.kind === 'absent' || before.kind === 'pending') {
    if (after.kind === 'file') return [`new file, mode ${modeOf(after)}, owner ${ownerOf(after)}`];
    if (after.kind === 'directory') return [`new directory, mode ${modeOf(after)}, owner ${ownerOf(after)}`];
    return [];
  }
  if (after.kind === 'absent') {
    const unless = before.kind === 'directory' ? ', unless others have put something into it' : '';
    return [`${nameOfKind[before.kind]} is deleted${unless}`];
  }
  return before.kind === after.kind
    ? []
    : [`${nameOfKind[before.kind]} is replaced by ${nameOfKind[after.kind].replace(/^the /, 'a ')}`];
}

/** What is shown may turn out otherwise. */
function knownNotes({ knownAfter, before, kind }: Change): readonly string[] {
  if (knownAfter === undefined) return [];
  const stage = cleanLine(knownAfter);
  if (kind === 'directory') return [`known after ${stage}: created unless that stage creates it`];
  if (kind === 'unit') return [`known after ${stage}: what it will be then`];
  return before.kind === 'pending'
    ? [`known after ${stage}: what it replaces`]
    : [`known after ${stage}: if that brings one, this replaces it`];
}

/** `enabled: disabled becomes enabled` */
function unitNotes(before: PathState, after: PathState): readonly string[] {
  if (after.kind !== 'unit') return [];
  const was = before.kind === 'unit' ? before : { enabled: '', active: '' };
  const note = (name: string, old: string, young: string) =>
    old === young ? [] : [old === '' ? `${name}: ${young}` : `${name}: ${old} becomes ${young}`];
  return [
    ...note('at boot', cleanLine(was.enabled), cleanLine(after.enabled)),
    ...note('now', cleanLine(was.active), cleanLine(after.active)),
  ];
}

const nameOfKind: Readonly<Record<PathState['kind'], string>> = {
  absent: 'nothing',
  file: 'the file',
  symlink: 'the symbolic link',
  directory: 'the directory',
  unreadable: 'what is there',
  pending: 'what is there then',
  unit: 'the unit',
};

function ownershipNotes(before: PathState, after: PathState): readonly string[] {
  if (!('mode' in before && 'mode' in after)) return [];
  const mode = before.mode === after.mode ? [] : [`mode ${modeOf(before)} becomes ${modeOf(after)}`];
  const [old, young] = [ownerOf(before), ownerOf(after)];
  return old === young ? mode : [...mode, `owner ${old} becomes ${young}`];
}

function targetNotes(before: PathState, after: PathState): readonly string[] {
  const old = before.kind === 'symlink' ? cleanLine(before.target) : undefined;
  const young = after.kind === 'symlink' ? cleanLine(after.target) : undefined;
  if (old !== undefined && young !== undefined) return [`symbolic link to ${old} becomes one to ${young}`];
  if (young !== undefined) return [`symbolic link to ${young}`];
  return old === undefined ? [] : [`it pointed to ${old}`];
}

function binaryNotes(before: PathState, after: PathState): readonly string[] {
  const size = (state: PathState) => (state.kind === 'file' ? state.content.length : 0);
  return [`binary file: content differs (${size(before)} bytes before, ${size(after)} after)`];
}
