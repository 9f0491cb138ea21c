import type { Command, Option } from 'commander';
import { schemaNames } from '../schema.ts';

/** What could stand where the cursor is. */
export type Wanted =
  | { readonly kind: 'options'; readonly command: Command }
  | { readonly kind: 'commands'; readonly command: Command }
  | { readonly kind: 'choices'; readonly values: readonly string[] }
  | { readonly kind: 'headings'; readonly page: string }
  | {
      readonly kind:
        | 'hosts'
        | 'hosts-and-roles'
        | 'clusters'
        | 'runs'
        | 'codes'
        | 'pages'
        | 'playbooks'
        | 'files'
        | 'folders'
        | 'nothing';
    };

/** A command line up to the cursor, as far as it is understood. */
export interface Understood {
  readonly wanted: Wanted;
  /** what is typed of it already */
  readonly typed: string;
  /** what stands before that in the same word, such as `--limit=` or `node-01,` */
  readonly before: string;
  readonly inventory: string | undefined;
}

const nothing: Wanted = { kind: 'nothing' };

/**
 * What is wanted at the end of a command line: its words without the program's name, the last one being typed
 * (perhaps empty). Pure; commander's own tree says what there is. bash breaks words at `=`: that is a word of
 * its own then.
 */
export function understand(program: Command, words: readonly string[]): Understood {
  let command = program;
  let operands: string[] = [];
  let expecting: Option | undefined;
  let inventory: string | undefined;
  let onlyOperands = false;
  const done = words.slice(0, -1);
  for (const [index, word] of done.entries()) {
    if (expecting !== undefined && word === '=' && done[index - 1]?.startsWith('--') === true) continue;
    if (expecting !== undefined) {
      if (expecting.long === '--inventory') inventory = word;
      expecting = undefined;
    } else if (!onlyOperands && word === '--') onlyOperands = true;
    else if (!onlyOperands && /^-./.test(word)) {
      const { option, value } = optionIn(word, command);
      if (option?.long === '--inventory') inventory = value ?? inventory;
      if (option !== undefined && takesValue(option) && value === undefined) expecting = option;
    } else {
      const below = operands.length === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (below === undefined) operands.push(word);
      else {
        command = below;
        operands = [];
      }
    }
  }
  const last = words.at(-1) ?? '';
  const at = (wanted: Wanted, text: string, before = ''): Understood => {
    const isList = wanted.kind === 'hosts-and-roles' || wanted.kind === 'clusters';
    const comma = isList ? text.lastIndexOf(',') + 1 : 0;
    return {
      ...{ wanted, inventory },
      ...{ before: before + text.slice(0, comma), typed: text.slice(comma) },
    };
  };
  if (expecting !== undefined) return at(wantedOf(expecting), last === '=' ? '' : last);
  if (!onlyOperands && last.startsWith('-')) {
    const { option, value } = optionIn(last, command);
    if (value === undefined) return at({ kind: 'options', command }, last);
    const before = last.slice(0, last.length - value.length);
    return at(option === undefined ? nothing : wantedOf(option), value, before);
  }
  const wanted = operandOf(command, operands);
  const [page = '', ...heading] = last.split('#');
  return wanted.kind === 'pages' && heading.length > 0
    ? at({ kind: 'headings', page }, heading.join('#'), `${page}#`)
    : at(wanted, last);
}

/** `--limit=node`, `--limit`, `-iprod.yaml` */
function optionIn(word: string, command: Command) {
  const equals = word.indexOf('=');
  if (word.startsWith('--')) {
    const name = equals === -1 ? word : word.slice(0, equals);
    const value = equals === -1 ? undefined : word.slice(equals + 1);
    return { option: command.options.find(({ long }) => long === name), value };
  }
  const option = command.options.find(({ short }) => short === word.slice(0, 2));
  const value = option !== undefined && takesValue(option) && word.length > 2 ? word.slice(2) : undefined;
  return { option, value };
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

function wantedOf(option: Option): Wanted {
  if (option.argChoices !== undefined) return { kind: 'choices', values: option.argChoices };
  switch (option.long) {
    case '--limit':
      return { kind: 'hosts-and-roles' };
    case '--cluster':
      return { kind: 'clusters' };
    case '--replace':
      return { kind: 'hosts-and-roles' };
    case '--run':
      return { kind: 'runs' };
    case '--playbook':
      return { kind: 'playbooks' };
    default:
      return byName(/<(\w+)[^>]*>/.exec(option.flags)?.[1]);
  }
}

/** By how its value is called in the help. */
function byName(name: string | undefined): Wanted {
  switch (name) {
    case 'file':
    case 'program':
      return { kind: 'files' };
    case 'folder':
    case 'dir':
      return { kind: 'folders' };
    default:
      return nothing;
  }
}

function operandOf(command: Command, operands: readonly string[]): Wanted {
  if (command.commands.length > 0 && operands.length === 0) return { kind: 'commands', command };
  if (operands[0] === 'help' && operands.length === 1) return { kind: 'commands', command };
  const all = command.registeredArguments;
  const argument = all[operands.length] ?? (all.at(-1)?.variadic === true ? all.at(-1) : undefined);
  if (argument === undefined) return nothing;
  if (argument.argChoices !== undefined) return { kind: 'choices', values: argument.argChoices };
  if (command.name() === 'schema') return { kind: 'choices', values: schemaNames };
  if (command.parent?.name() === 'playbook') return { kind: 'playbooks' };
  switch (argument.name()) {
    case 'host':
    case 'hosts':
      return { kind: 'hosts' };
    case 'run':
      return { kind: 'runs' };
    case 'code':
      return { kind: 'codes' };
    case 'page':
      return { kind: 'pages' };
    case 'heading':
      return { kind: 'headings', page: operands[0] ?? '' };
    default:
      return byName(argument.name());
  }
}
