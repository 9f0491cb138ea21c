import { managedBlockRanges } from '../managed-blocks.ts';
import { linesOf } from '../text.ts';
import { type Word, wordsOf } from './words.ts';

/** A line that means something. `text.slice(start, next)` is all of it, with its line end. */
export interface HaproxyLine {
  /** its first word */
  readonly name: string;
  readonly args: readonly string[];
  readonly words: readonly Word[];
  readonly start: number;
  readonly next: number;
  /** counts from 1 */
  readonly line: number;
  /** where the outermost `.if` begins that it depends on; undefined if it depends on none */
  readonly condition: number | undefined;
}

/** A section: the line that begins it, and those up to the next one. */
export interface Section {
  readonly keyword: string;
  /** '' if it has none, such as `global` */
  readonly name: string;
  readonly head: HaproxyLine;
  readonly lines: readonly HaproxyLine[];
}

/**
 * Words that begin a section wherever they come first on a line, however that is indented. Sources: HAProxy's
 * configuration manuals, 2.2 to 3.4.
 */
const keywords = new Set([
  ...['global', 'defaults', 'frontend', 'backend', 'listen', 'peers', 'resolvers', 'mailers', 'userlist'],
  ...['program', 'http-errors', 'ring', 'cache', 'log-forward', 'fcgi-app', 'crt-store', 'traces'],
  ...['log-profile', 'acme', 'healthcheck', 'namespace_list'],
]);

/** The sections of a configuration in their order. FormatError for a line that HAProxy can't read either. */
export function readSections(text: string): readonly Section[] {
  const sections: (Section & { readonly lines: HaproxyLine[] })[] = [];
  const conditions: number[] = [];
  for (const [index, { start, end, next }] of linesOf(text, { loneCr: false }).entries()) {
    const words = wordsOf(text, start, end);
    const [name, ...args] = words.map((word) => word.text);
    if (name === undefined) continue;
    if (name === '.if') conditions.push(start);
    if (name === '.endif') conditions.pop();
    if (name.startsWith('.')) continue;
    const line = { name, args, words, start, next, line: index + 1, condition: conditions[0] };
    if (keywords.has(name)) sections.push({ keyword: name, name: args[0] ?? '', head: line, lines: [] });
    else sections.at(-1)?.lines.push(line);
  }
  return sections;
}

/**
 * Lines behind a managed block that HAProxy counts to the block's last section, since nothing but the next
 * section ends one; each with the name of that block.
 */
export function strayLines(text: string): readonly { readonly line: HaproxyLine; readonly block: string }[] {
  const ranges = [...managedBlockRanges(text)];
  return readSections(text).flatMap(({ head, lines }) => {
    const [block, range] = ranges.find(([, { start, end }]) => start <= head.start && head.start < end) ?? [];
    if (block === undefined || range === undefined) return [];
    return lines.filter(({ start }) => start >= range.end).map((line) => ({ line, block }));
  });
}
