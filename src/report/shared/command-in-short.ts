/** Longer commands are whole programs, such as a script for `sh -c`; characters. */
const longest = 100;
/** How much of a program is shown, so that one can be told from another; characters. */
const beginning = 60;

/** A command as sentences have it: a whole program by its beginning alone. */
export function commandInShort(command: string): string {
  return command.length <= longest ? command : `${command.slice(0, beginning).trimEnd()} …`;
}
