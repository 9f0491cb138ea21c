import type { Command } from 'commander';

/** The words of a line of shell up to its comment, a pipe or a redirection; quotes hold words together. */
export function wordsOfLine(line: string): readonly string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/'[^']*'|"[^"]*"|(?:[^\s'"]|'[^']*'|"[^"]*")+/g)) {
    if (/^(?:#|[|;&]|\d?[<>])/.test(word)) break;
    words.push(word.replace(/^(['"])(.*)\1$/, '$2'));
  }
  return words;
}

/**
 * What the program would not take of a command line's words, behind its own name; undefined if it takes all.
 * Words that stand for others (`[-i FILE]`, `bash|zsh|fish`, `…`) are taken as they are meant.
 */
export function mistakeIn(program: Command, given: readonly string[]): string | undefined {
  const words = given
    .filter((word) => word !== '…' && word !== '...')
    .map((word) => word.replace(/^\[|\]$/g, ''))
    .flatMap((word) => (word.startsWith('--') ? word.split('=') : [word]));
  if (/^[A-Z]+$/.test(words[0] ?? '')) return undefined;
  let command = program;
  const names: string[] = [];
  let taken = 0;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const here = names.join(' ');
    if (word.startsWith('-') && word !== '-') {
      const option = [...command.options, ...program.options].find(
        (one) => one.short === word || one.long === word,
      );
      if (option === undefined && !['-h', '--help', '--version'].includes(word))
        return `${here} has no option ${word}`;
      if (option?.required || (option?.optional && words[index + 1]?.startsWith('-') === false)) {
        const value = words[index + 1];
        if (value === undefined) return `${here} ${word} lacks a value`;
        const fits = option.argChoices?.includes(value) ?? true;
        if (!fits && !/^[A-Z]+$/.test(value)) return `${here} ${word} takes none of ${value}`;
        index += 1;
      }
      continue;
    }
    const next = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (next !== undefined && taken === 0) {
      command = next;
      names.push(word);
    } else if (command.commands.length > 0 && taken === 0 && !/^[A-Z]+$/.test(word)) {
      return `unknown command ${[...names, word].join(' ')}`;
    } else {
      taken += 1;
      const most = command.registeredArguments.some(({ variadic }) => variadic)
        ? Infinity
        : command.registeredArguments.length;
      if (taken > most && command.commands.length === 0) return `${here} takes no ${word}`;
    }
  }
  return undefined;
}
