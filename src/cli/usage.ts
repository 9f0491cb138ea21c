import type { Command, CommanderError } from 'commander';
import { OperatorError } from '../model/operator-error.ts';

/** What commander says of a command line that it doesn't understand, in the form of our own errors. */
export function usageError(
  error: CommanderError,
  command: string | undefined,
  program?: Command,
): OperatorError {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const hint = /^\(Did you mean (.*)\?\)$/.exec(rest.join(' '))?.[1];
  const help = `clusterproxy${command === undefined ? '' : ` ${command}`} --help`;
  return new OperatorError({
    code: 'usage',
    message: first.replace(/\.$/, ''),
    next:
      hint === undefined
        ? `${limitHint(error, command, program)}see ${help}`
        : `did you mean ${hint}? See ${help}`,
  });
}

/** Hosts are named by an option, where a command is for all of them. */
function limitHint(
  { code }: CommanderError,
  command: string | undefined,
  program: Command | undefined,
): string {
  if (code !== 'commander.excessArguments' || command === undefined) return '';
  const own = command
    .split(' ')
    .reduce<Command | undefined>((at, word) => at?.commands.find((one) => one.name() === word), program);
  const takesLimit = own?.options.some(({ long }) => long === '--limit') === true;
  const isPlain = own?.args.every((word) => /^[\w.,-]+$/.test(word)) === true;
  if (own === undefined || !takesLimit || !isPlain || own.registeredArguments.length > 0) return '';
  const [file = '', ...more] = own.args;
  if (/\.ya?ml$/.test(file)) {
    return more.length === 0
      ? `to name the inventory: clusterproxy ${command} --inventory ${file}; `
      : `to name the inventory, and some of its hosts: clusterproxy ${command} --inventory ${file} --limit ${more.join(',')}; `;
  }
  return `for some of the hosts only: clusterproxy ${command} --limit ${own.args.join(',')}; `;
}
