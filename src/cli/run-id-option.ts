import { InvalidArgumentError, Option } from 'commander';
import { OperatorError } from '../model/operator-error.ts';
import { isRunId } from '../run/again/identity.ts';

/** `--run-id` of the commands that change hosts. */
export function runIdOption(): Option {
  return new Option(
    '--run-id <id>',
    'the id of this run: the same call again follows it, or tells how it ended, and changes nothing twice',
  ).argParser((value) => {
    if (isRunId(value)) return value;
    throw new InvalidArgumentError(
      'It must be letters, digits and dashes, 64 at most. It must not begin with settle- or queued-, nor end in a dash, or in a dash and a single digit: rollout-01, but not rollout-1.',
    );
  });
}

/** Refuses it where more follows than the run, which the outcome of an earlier call would pass over. */
export function refuseRunId(command: string, { runId }: { readonly runId?: string }): void {
  if (runId === undefined) return;
  throw new OperatorError({
    code: 'usage',
    message: `${command} takes no --run-id: what it tells balancers is no part of the run`,
    next: 'leave it out: the same call again does what is left to be done, or nothing',
  });
}
