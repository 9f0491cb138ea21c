import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ViewOptions } from '../report/choose-view.ts';

type Color = ViewOptions['color'];

const choices: Readonly<Record<string, Color>> = { always: 'always', auto: true, never: false };

/** `--color` and `--no-color`; the last one counts. */
export function addColorOptions(command: Command): Command {
  const when = new Option(
    '--color <when>',
    'colours: always, auto (where a terminal takes them) or never; FORCE_COLOR and NO_COLOR say it too',
  );
  return command
    .addOption(when.choices(Object.keys(choices)).default(true, 'auto').argParser(parseColor))
    .option('--no-color', 'the same as --color never');
}

/** What a command line says of colours that may be wrong elsewhere. */
export function colorIn(argv: readonly string[]): Color {
  return argv.reduce<Color>((color, word, index) => {
    if (word === '--no-color') return false;
    if (word === '--color') return choices[argv[index + 1] ?? ''] ?? color;
    return word.startsWith('--color=') ? (choices[word.slice('--color='.length)] ?? color) : color;
  }, true);
}

function parseColor(value: string): Color {
  const color = choices[value];
  if (color === undefined) throw new InvalidArgumentError('It must be always, auto or never.');
  return color;
}
