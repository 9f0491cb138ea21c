import type { Command, Option } from 'commander';
import { examplesOf } from '../options.ts';
import { commandTree, exitStatuses, type NamedCommand, optionDescription } from '../program.ts';
import { readVariables } from '../settings/variables.ts';
import { literal, macro, prose } from './roff.ts';

/** What the page says of the program as a whole. */
export interface ManPageOptions {
  readonly version: string;
  /** of the version, ISO 8601 */
  readonly date: string;
}

/** An option that so many commands have is told once for all of them. */
const common = 12;

/**
 * clusterproxy(1), made of the same words as `--help`, in the macros of man(7). Pure, so that two builds make
 * the same bytes.
 */
export function manPage(program: Command, { version, date }: ManPageOptions): string {
  const commands = commandTree(program).filter(({ command }) => command.commands.length === 0);
  const shared = sharedOptions(commands);
  const isShared = (option: Option) => shared.some((one) => keyOf(one) === keyOf(option));
  const lines = [
    macro('TH', 'CLUSTERPROXY', '1', date, `clusterproxy ${version}`, 'User Commands'),
    macro('SH', 'NAME'),
    // In one line, for whatis(1).
    'clusterproxy \\- make plain servers one video\\-conference cluster',
    macro('SH', 'SYNOPSIS'),
    '.B clusterproxy',
    '.I command',
    '.RI [ options ]',
    macro('SH', 'DESCRIPTION'),
    ...prose(program.description()),
    ...prose(
      'Without a terminal nothing is ever asked, and results are on standard output, all else on standard error.',
    ),
    macro('SH', 'COMMANDS'),
    ...commands.flatMap((one) => commandLines(one, isShared)),
    macro('SH', 'COMMON OPTIONS'),
    'Options that many commands have; each lists its own beside them.',
    ...shared.flatMap(optionLines),
    macro('SH', 'EXIT STATUS'),
    ...prose(upperFirst(exitStatuses.replace(/\s+/g, ' ').replace(/^Exit status: /, ''))),
    macro('SH', 'ENVIRONMENT'),
    ...readVariables.flatMap(({ name, means }) => [
      '.TP',
      `.B ${literal(name)}`,
      ...prose(upperFirst(means)),
    ]),
    macro('SH', 'FILES'),
    '.TP',
    `.I ${literal('clusterproxy.yaml')}`,
    ...prose('The inventory, in the working folder or above it, where nothing else names one.'),
    '.TP',
    `.I ${literal('~/.local/state/clusterproxy')}`,
    ...prose('Event logs, and records of schedules.'),
    macro('SH', 'SEE ALSO'),
    '.BR ssh (1),',
    '.BR ssh_config (5)',
    '.PP',
    ...prose('The manual: clusterproxy docs. What an error means: clusterproxy explain CODE.'),
  ];
  return `${lines.join('\n')}\n`;
}

function sharedOptions(commands: readonly NamedCommand[]): readonly Option[] {
  const found = new Map<string, { readonly option: Option; count: number }>();
  for (const option of commands.flatMap(({ command }) => command.options)) {
    const known = found.get(keyOf(option));
    if (known === undefined) found.set(keyOf(option), { option, count: 1 });
    else known.count += 1;
  }
  return [...found.values()].flatMap(({ option, count }) =>
    count >= common && !option.hidden ? [option] : [],
  );
}

function keyOf(option: Option): string {
  return `${option.flags}\n${optionDescription(option)}`;
}

function commandLines(
  { name, command }: NamedCommand,
  isShared: (option: Option) => boolean,
): readonly string[] {
  const own = command.options.filter((option) => !option.hidden && !isShared(option));
  const others = command.options.filter((option) => !option.hidden && isShared(option));
  const operands = command.registeredArguments.map((one) => {
    const word = `${one.name()}${one.variadic ? '...' : ''}`;
    return one.required ? word : `[${word}]`;
  });
  const examples = examplesOf(command);
  return [
    macro('SS', literal(['clusterproxy', name, ...operands].join(' '))),
    ...prose(command.description()),
    ...command.registeredArguments.flatMap((one) =>
      one.description === ''
        ? []
        : ['.TP', `.I ${literal(one.name())}`, ...prose(upperFirst(one.description))],
    ),
    ...own.flatMap(optionLines),
    ...(others.length === 0
      ? []
      : [
          '.PP',
          ...prose(`Common options: ${others.map(({ long, short }) => long ?? short ?? '').join(', ')}.`),
        ]),
    ...(examples.length === 0 ? [] : ['.PP', '.EX', ...examples.map(literal), '.EE']),
  ];
}

function optionLines(option: Option): readonly string[] {
  return ['.TP', `.B ${literal(option.flags)}`, ...prose(upperFirst(optionDescription(option)))];
}

const upperFirst = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
