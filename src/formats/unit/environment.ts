import { FormatError } from '../format-error.ts';
import { type Edit, errorAt } from '../text.ts';
import { type Assignment, type Section, sectionsOf } from './lines.ts';
import { type Word, wordsOf } from './words.ts';

/** An assignment of one variable within an `Environment=` line. */
export interface Variable {
  readonly line: Assignment;
  readonly words: readonly Word[];
  readonly index: number;
  readonly value: string | undefined;
}

/**
 * Where a variable is set, after the last empty `Environment=`, which resets everything before it
 * (systemd.exec(5)). FormatError for a line that systemd refuses, since it is unknown what it was meant to
 * set.
 */
export function variablesOf(text: string, section: string, name: string): Variable[] {
  const lines = sectionsOf(text)
    .filter((one) => one.name === section)
    .flatMap((one: Section) => one.assignments.filter(({ key }) => key === 'Environment'));
  const live = lines.slice(lines.findLastIndex(({ value }) => value === '') + 1);
  return live.flatMap((line) => {
    const words = wordsOf(line.value);
    if (words === undefined) {
      throw errorAt(
        text,
        line.start,
        `systemd can't read this line: ${JSON.stringify(line.value)} has broken quotes or escapes`,
      );
    }
    return words.flatMap((word, index) =>
      word.name === name ? [{ line, words, index, value: word.value }] : [],
    );
  });
}

/** Replaces the variable's word with `insert`. */
export function replaceVariable({ line, words, index }: Variable, insert: string): Edit {
  const word = words[index];
  const { offsets } = line;
  const [start, end] = [offsets[word?.start ?? 0], offsets[(word?.end ?? 0) - 1]];
  if (start === undefined || end === undefined || line.commented) {
    throw new FormatError('an Environment= line with comments between its lines: edit it by hand');
  }
  return { start, end: end + 1, insert };
}

/** Removes the variables. */
export function withoutVariables(variables: readonly Variable[]): Edit[] {
  const lines = new Map<Assignment, { readonly words: readonly Word[]; readonly gone: Set<number> }>();
  for (const { line, words, index } of variables) {
    const { gone } = lines.get(line) ?? { gone: new Set() };
    lines.set(line, { words, gone: gone.add(index) });
  }
  return [...lines].flatMap(([line, { words, gone }]) => removeVariables(line, words, gone));
}

/**
 * Removes the given words, which are all on one line, from that line; removes the whole line if nothing is
 * left.
 */
function removeVariables(line: Assignment, words: readonly Word[], gone: ReadonlySet<number>): Edit[] {
  if (gone.size === words.length) {
    if (line.commented) {
      throw new FormatError('an Environment= line with comments between its lines: edit it by hand');
    }
    return [{ start: line.start, end: line.next, insert: '' }];
  }
  const { offsets } = line;
  const edits: Edit[] = [];
  let kept: Word | undefined;
  for (const [i, word] of words.entries()) {
    if (!gone.has(i)) {
      kept = word;
      continue;
    }
    // Including the blanks before it or, at the start of the line, those after it.
    const next = words[i + 1];
    const before = kept === undefined ? undefined : (words[i - 1]?.end ?? 0);
    const from = before === undefined ? offsets[word.start] : (offsets[before - 1] ?? 0) + 1;
    const to =
      before === undefined && next !== undefined ? offsets[next.start] : (offsets[word.end - 1] ?? 0) + 1;
    if (from === undefined || to === undefined || line.commented) {
      throw new FormatError('an Environment= line with comments between its lines: edit it by hand');
    }
    edits.push({ start: from, end: to, insert: '' });
  }
  return edits;
}
