/** Longer commands are whole programs, such as a script for `sh -c`; characters. */
const longest = 100;
/** How much of a program is shown at most and at least, so that one can be told from another; characters. */
const [beginning, shortest] = [60, 25];

/**
 * A command as sentences have it: a whole program by its beginning alone, up to the end of a statement if
 * there is one, or else of a word.
 */
export function commandInShort(command: string): string {
  if (command.length <= longest) return command;
  const shown = command.slice(0, beginning + 1);
  const end =
    [shown.lastIndexOf('; '), shown.lastIndexOf(' '), beginning].find((at) => at >= shortest) ?? beginning;
  return `${command.slice(0, end).trimEnd()} …`;
}
