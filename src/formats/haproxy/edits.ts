import { managedBlockRanges, managedBlocks, setManagedBlock, setManagedBlocks } from '../managed-blocks.ts';
import { applyEdits, lineStart } from '../text.ts';
import { type HaproxyLine, readSections, type Section } from './sections.ts';

/**
 * The text with a managed block that holds whole sections. A new one goes behind `global` and before the
 * first other section: so what the operator's `defaults` say doesn't count for it, and lines that somebody
 * adds at the end of the file don't become part of it.
 */
export function setSectionsBlock(text: string, name: string, body: string): string {
  return setSectionsBlocks(text, new Map([[name, body]]));
}

/** The same for many blocks, from name to body: new ones follow each other. */
export function setSectionsBlocks(text: string, bodies: ReadonlyMap<string, string>): string {
  const there = managedBlocks(text);
  const known = [...bodies].filter(([name]) => there.has(name));
  const added = [...bodies].filter(([name]) => !there.has(name));
  const edited = setManagedBlocks(text, new Map(known));
  if (added.length === 0) return edited;
  const at = placeOfSections(edited);
  return setManagedBlocks(edited.slice(0, at), new Map(added)) + edited.slice(at);
}

/**
 * The text with a managed block of lines within a section that stays where it is. A new one goes before the
 * section's first `use_backend`, since the first that holds counts; else to its end, since HAProxy warns of
 * rules for requests behind a `use_backend`.
 */
export function setRulesBlock(text: string, section: Section, name: string, body: string): string {
  return managedBlocks(text).has(name)
    ? setManagedBlock(text, name, body)
    : insertBlock(text, placeOfRules(text, section), name, body);
}

/** The text without these lines. */
export function removeHaproxyLines(text: string, lines: readonly HaproxyLine[]): string {
  return applyEdits(
    text,
    lines.map(({ start, next }) => ({ start, end: next, insert: '' })),
  );
}

/** Blocks are always added at the end of a text; here, at the end of what comes before the place. */
function insertBlock(text: string, at: number, name: string, body: string): string {
  return setManagedBlock(text.slice(0, at), name, body) + text.slice(at);
}

function placeOfSections(text: string): number {
  const blocks = blocksOf(text);
  const next = readSections(text).find(
    ({ keyword, head }) => keyword !== 'global' && around(blocks, head.start) === undefined,
  );
  if (next === undefined) return text.length;
  return beforeHeading(text, next.head.condition ?? next.head.start);
}

/** The comments right above a section are its heading; indented ones belong to what comes before. */
function beforeHeading(text: string, offset: number): number {
  let at = offset;
  while (at > 0) {
    const above = lineStart(text, text.startsWith('\r\n', at - 2) ? at - 2 : at - 1);
    if (text[above] !== '#' || /^# clusterproxy: end /.test(text.slice(above, at))) break;
    at = above;
  }
  return at;
}

function placeOfRules(text: string, { head, lines }: Section): number {
  const blocks = blocksOf(text);
  const first = lines.find(({ name }) => name === 'use_backend');
  if (first !== undefined) {
    const at = first.condition ?? first.start;
    return around(blocks, at)?.start ?? at;
  }
  const last = [head, ...lines].findLast(({ condition }) => condition === undefined) ?? head;
  return around(blocks, last.start)?.end ?? last.next;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function blocksOf(text: string): readonly Range[] {
  return [...managedBlockRanges(text).values()];
}

function around(blocks: readonly Range[], offset: number): Range | undefined {
  return blocks.find(({ start, end }) => start <= offset && offset < end);
}
