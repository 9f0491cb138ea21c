import { FormatError } from './format-error.ts';
import { applyEdits, type Edit, errorAt, lineEndOf, lineStart, lineStop } from './text.ts';

/**
 * A region between two marker lines; `start` and `next` include the marker lines, the body is what is between
 * them.
 */
interface Region {
  readonly name: string;
  readonly start: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  readonly next: number;
}

const MARKER = /^[ \t\uFEFF]*# clusterproxy: (begin|end) (\S.*)$/;

/**
 * The regions between `# clusterproxy: begin NAME` and `# clusterproxy: end NAME` lines, from name to body. A
 * body is text including its line ends. FormatError for markers that are unbalanced, nested or duplicate.
 */
export function managedBlocks(text: string): Map<string, string> {
  return new Map(
    regionsOf(text).map(({ name, bodyStart, bodyEnd }) => [name, text.slice(bodyStart, bodyEnd)]),
  );
}

/** Where each of these regions is in the text, its markers included. */
export function managedBlockRanges(text: string): Map<string, { start: number; end: number }> {
  return new Map(regionsOf(text).map(({ name, start, next }) => [name, { start, end: next }]));
}

/** The text with that body between the markers of NAME, which are appended if there are none yet. */
export function setManagedBlock(text: string, name: string, body: string): string {
  return setManagedBlocks(text, new Map([[name, body]]));
}

/**
 * The same for many blocks, from name to body, one after the other; but the text, which may hold those of
 * thousands of nodes, is read once.
 */
export function setManagedBlocks(text: string, bodies: ReadonlyMap<string, string>): string {
  const [first = ''] = bodies.values();
  const lineEnd = lineEndOf(text === '' ? first : text);
  const regions = new Map(regionsOf(text).map((region) => [region.name, region] as const));
  const edits: Edit[] = [];
  let added = '';
  for (const [name, body] of bodies) {
    const whole = checkedBody(name, body, lineEnd);
    const region = regions.get(name);
    if (region === undefined) {
      added += `# clusterproxy: begin ${name}${lineEnd}${whole}# clusterproxy: end ${name}${lineEnd}`;
    } else if (text.slice(region.bodyStart, region.bodyEnd) !== whole) {
      edits.push({ start: region.bodyStart, end: region.bodyEnd, insert: whole });
    }
  }
  const edited = edits.length === 0 ? text : applyEdits(text, edits);
  if (added === '') return edited;
  const ended = edited === '' || /[\r\n]$/.test(edited) ? '' : lineEnd;
  return `${edited}${ended}${added}`;
}

function checkedBody(name: string, body: string, lineEnd: string): string {
  if (!/^\S(?:[^\p{Cc}]*\S)?$/u.test(name)) {
    throw new FormatError(`${JSON.stringify(name)} can't name a managed block`);
  }
  const whole = body === '' || /[\r\n]$/.test(body) ? body : body + lineEnd;
  if (markersOf(whole).length > 0) {
    throw new FormatError(`the body of the managed block ${name} contains a marker line`);
  }
  return whole;
}

/** The text without the block NAME and its markers; the same text if there is no such block. */
export function removeManagedBlock(text: string, name: string): string {
  return applyEdits(
    text,
    regionsOf(text)
      .filter((region) => region.name === name)
      .map(({ start, next }) => ({ start, end: next, insert: '' })),
  );
}

/** A line that begins or ends a region; `start` and `next` as those of a line. */
interface Marker {
  readonly line: string;
  readonly word: string;
  readonly name: string;
  readonly start: number;
  readonly next: number;
}

/** Looked for where their words are, since of many thousand lines few are markers. */
function markersOf(text: string): readonly Marker[] {
  const markers: Marker[] = [];
  let from = 0;
  for (;;) {
    const at = text.indexOf('# clusterproxy: ', from);
    if (at === -1) return markers;
    const start = lineStart(text, at);
    const end = lineStop(text, at);
    from = end + (text.startsWith('\r\n', end) ? 2 : 1);
    const [line = '', word = '', behind] = MARKER.exec(text.slice(start, end)) ?? [];
    if (behind === undefined) continue;
    const next = Math.min(from, text.length);
    markers.push({ line, word, name: withoutBlanksBehind(behind), start, next });
  }
}

/** The most recently read texts, since the blocks of a text are asked for one after the other. */
const latest = new Map<string, readonly Region[]>();
const mostKept = 4;

function regionsOf(text: string): readonly Region[] {
  const known = latest.get(text);
  if (known !== undefined) return known;
  const regions = readRegions(text);
  latest.set(text, regions);
  if (latest.size > mostKept) latest.delete(latest.keys().next().value ?? '');
  return regions;
}

function readRegions(text: string): readonly Region[] {
  const regions: Region[] = [];
  const names = new Set<string>();
  let open: Pick<Region, 'name' | 'start' | 'bodyStart'> | undefined;
  for (const { line, word, name, start, next } of markersOf(text)) {
    if (word === 'begin') {
      if (open !== undefined || names.has(name)) {
        const why = open === undefined ? `${name} appears twice` : `${open.name} has not been ended yet`;
        throw errorAt(text, start, `unexpected ${JSON.stringify(line)}: ${why}`);
      }
      open = { name, start, bodyStart: next };
    } else {
      if (open?.name !== name) {
        throw errorAt(text, start, `unexpected ${JSON.stringify(line)}: no block of this name is open`);
      }
      regions.push({ ...open, bodyEnd: start, next });
      names.add(name);
      open = undefined;
    }
  }
  if (open !== undefined) {
    throw errorAt(text, open.start, `the managed block ${open.name} is never ended`);
  }
  return regions;
}

function withoutBlanksBehind(text: string): string {
  let end = text.length;
  while (text[end - 1] === ' ' || text[end - 1] === '\t') end--;
  return text.slice(0, end);
}
