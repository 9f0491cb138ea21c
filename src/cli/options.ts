import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseTarget, type Target } from '../record/streams.ts';
import type { ViewOptions } from '../report/choose-view.ts';
import { addColorOptions } from './color-option.ts';
import { takesInventory } from './take-inventory.ts';

/** Options that every command over an inventory has. */
export interface CommonOptions {
  /** the file, also where it wasn't named; see take-inventory.ts */
  readonly inventory: string;
  readonly limit: readonly string[];
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: ViewOptions['color'];
  readonly parallel: number;
  /** who gets all events while it runs */
  readonly events?: Target;
  /** only commands whose results are long have it */
  readonly pager?: boolean;
  /** only commands that ask who is there have it */
  readonly names?: boolean;
}

/**
 * Many hosts at once cost this machine memory and a jump host connections (MaxStartups of sshd_config(5)).
 */
export const usualParallel = 32;

/** What `--limit` means for a command that changes hosts. */
const limitOfChanges = 'change only these hosts or roles (comma-separated); all hosts are still looked at';

/** What it means for a command that shows how hosts differ: some depend on facts of others. */
export const limitOfComparing =
  'compare only these hosts or roles (comma-separated); all hosts are still looked at';

/** What `--limit` means for the others. */
export const limitOfLooking = 'only these hosts or roles (comma-separated)';

/** What is said of `-i` wherever it is an option. */
export const inventoryHelp =
  'the inventory file (default: $CLUSTERPROXY_INVENTORY, else clusterproxy.yaml in this folder or above)';

/** Adds the options of `CommonOptions` to a command. */
export function addCommonOptions(command: Command, limit: string = limitOfChanges): Command {
  takesInventory(command);
  const common = command
    .option('-i, --inventory <file>', inventoryHelp)
    .option('--limit <hosts>', limit, words, [])
    .addOption(
      new Option('--parallel <n>', 'maximum number of hosts at once')
        .default(usualParallel)
        .argParser(positive),
    )
    .addOption(
      new Option(
        '--events <where>',
        'write each event as a line of JSON while it runs: to a file, - (standard output) or fd:N',
      ).argParser(eventsTarget),
    )
    .option('--json', 'print one JSON document', false)
    .option('--quiet', 'show no progress and no messages', false)
    .option('--verbose', 'show more detail', false);
  return addColorOptions(common);
}

function eventsTarget(value: string): Target {
  const target = parseTarget(value);
  if (target === undefined) throw new InvalidArgumentError('It must be a file, -, or fd:N such as fd:3.');
  return target;
}

/** For commands whose results are no events. */
export function withoutEvents(command: Command): Command {
  const index = command.options.findIndex(({ long }) => long === '--events');
  (command.options as Option[]).splice(index, 1);
  return command;
}

/** For commands whose results are longer than a screen; what they have told is shown once they have ended. */
export function pagerOption(): Option {
  return new Option(
    '--no-pager',
    'do not show results in a pager where they are longer than the screen (as does setting PAGER to cat)',
  );
}

/** For commands that show how hosts differ. */
export function summaryOption(): Option {
  return new Option(
    '--summary',
    'show a line for each host and what is special, but not the changes themselves',
  ).default(false);
}

/** For commands that ask who is there. */
export function namesOption(): Option {
  return new Option('--names', 'name the meetings and people who are there; they are private').default(false);
}

/** `a,b` and repeated use, in one list. */
export function words(value: string, previous: readonly string[]): readonly string[] {
  const names = value.split(',').map((word) => word.trim());
  if (names.includes('')) throw new InvalidArgumentError('It must be a list of names separated by commas.');
  return [...previous, ...names];
}

export function positive(value: string): number {
  const number = wholeNumber(value);
  if (number === 0) throw new InvalidArgumentError('It must be at least 1.');
  return number;
}

export function wholeNumber(value: string): number {
  if (!/^\d{1,6}$/.test(value)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(value);
}

/**
 * How long a server that is asked from outside may take to answer, in seconds. A page of a client takes one
 * or two over a slow line, and whoever waits much longer closes the tab.
 */
export const usualTimeout = 10;

/** `--timeout` of a command that asks from outside. */
export function timeoutOption(): Option {
  return new Option('--timeout <seconds>', 'how long a server may take to answer')
    .default(usualTimeout)
    .argParser(positive);
}

/** By command, for whoever shows them in another form. */
const examples = new WeakMap<Command, readonly string[]>();

/** The examples at the end of a command's help. */
export function examplesOf(command: Command): readonly string[] {
  return examples.get(command) ?? [];
}

/** An example at the end of a command's help. */
export function addExample(command: Command, ...lines: readonly string[]): Command {
  examples.set(command, lines);
  const title = lines.length === 1 ? 'Example:' : 'Examples:';
  return command.addHelpText('after', `\n${title}\n${lines.map((line) => `  ${line}`).join('\n')}`);
}
