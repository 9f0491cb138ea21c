import { InvalidArgumentError, Option } from 'commander';
import { isRunId } from '../run/again/identity.ts';

/** `--run-id` of the commands that change hosts. */
export function runIdOption(): Option {
  return new Option(
    '--run-id <id>',
    'the id of this run: the same call again follows it, or tells how it ended, and changes nothing twice',
  ).argParser((value) => {
    if (isRunId(value)) return value;
    throw new InvalidArgumentError(
      'It must be letters, digits and dashes, 64 at most; it must not end in a dash, or in a dash and one digit, nor begin with settle-.',
    );
  });
}
