import { widthOf, wrap } from './prose.ts';

/** A sentence that ends in a command: those are there to be copied. */
const endingInCommand = /^(.*:) (clusterproxy .*)$/s;

/**
 * A message in lines as wide as the terminal; `columns` is undefined where there is none: then each stays a
 * line. A command at its end stays whole, on a line of its own, since nobody can paste half of one.
 */
export function renderMessage(text: string, columns: number | undefined): readonly string[] {
  const lines = text.split('\n');
  if (columns === undefined) return lines;
  return lines.flatMap((line) => {
    if (widthOf(line) <= columns) return [line];
    const [, words = line, command] = endingInCommand.exec(line) ?? [];
    return [...wrap(words, { columns, first: '' }), ...(command === undefined ? [] : [command])];
  });
}
