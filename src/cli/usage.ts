import type { CommanderError } from 'commander';
import { OperatorError } from '../model/operator-error.ts';

/** What commander says of a command line that it doesn't understand, in the form of our own errors. */
export function usageError(error: CommanderError, command: string | undefined): OperatorError {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const hint = /^\(Did you mean (.*)\?\)$/.exec(rest.join(' '))?.[1];
  const help = `clusterproxy${command === undefined ? '' : ` ${command}`} --help`;
  return new OperatorError({
    code: 'usage',
    message: first.replace(/\.$/, ''),
    next: hint === undefined ? `see ${help}` : `did you mean ${hint}? See ${help}`,
  });
}
