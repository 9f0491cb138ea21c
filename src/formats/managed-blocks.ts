import { FormatError } from './format-error.ts';
import { applyEdits, errorAt, lineEndOf, linesOf } from './text.ts';

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
  if (!/^\S(?:[^\p{Cc}]*\S)?$/u.test(name)) {
    throw new FormatError(`${JSON.stringify(name)} can't name a managed block`);
  }
  const lineEnd = lineEndOf(text === '' ? body : text);
  const whole = body === '' || /[\r\n]$/.test(body) ? body : body + lineEnd;
  if (linesOf(whole).some(({ start, end }) => MARKER.test(whole.slice(start, end)))) {
    throw new FormatError(`the body of the managed block ${name} contains a marker line`);
  }
  const region = regionsOf(text).find((one) => one.name === name);
  if (region !== undefined) {
    return applyEdits(text, [{ start: region.bodyStart, end: region.bodyEnd, insert: whole }]);
  }
  const ended = text === '' || /[\r\n]$/.test(text) ? '' : lineEnd;
  return `${text}${ended}# clusterproxy: begin ${name}${lineEnd}${whole}# clusterproxy: end ${name}${lineEnd}`;
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

function regionsOf(text: string): Region[] {
  const regions: Region[] = [];
  const names = new Set<string>();
  let open: Pick<Region, 'name' | 'start' | 'bodyStart'> | undefined;
  for (const { start, end, next } of linesOf(text)) {
    const [line, word, behind] = MARKER.exec(text.slice(start, end)) ?? [];
    if (behind === undefined) {
      continue;
    }
    const name = withoutBlanksBehind(behind);
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
