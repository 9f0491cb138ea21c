import { OperatorError, type Problem, problemsOf } from '../model/operator-error.ts';
import { exitStatus } from '../model/result.ts';
import { chooseView } from '../report/choose-view.ts';
import { errorReport } from '../report/document/document.ts';
import { colorIn } from './color-option.ts';
import type { Environment } from './environment.ts';

export interface FailureOptions {
  readonly argv: readonly string[];
  /** undefined where the command line names none */
  readonly command: string | undefined;
  readonly environment: Environment;
}

/** Report what ended a command before it had a result, and say the exit status for it. */
export function reportFailure(error: unknown, { argv, command, environment }: FailureOptions): number {
  const { changing } = environment.phase;
  const problems = problemsOf(error);
  const interrupted = environment.signal.aborted || problems.some(({ code }) => code === 'interrupted');
  const status = interrupted
    ? exitStatus.interrupted
    : changing
      ? exitStatus.failed
      : exitStatus.nothingTouched;
  const { output, secrets, inventory } = environment;
  const errors = interrupted && !changing ? [interruption(environment.phase)] : problems;
  // The command line may be what is wrong, so nothing has read it yet.
  const view = chooseView(output, {
    json: argv.includes('--json'),
    quiet: argv.includes('--quiet'),
    verbose: argv.includes('--verbose'),
    color: colorIn(argv),
  });
  const recording = environment.events?.recording(view) ?? view;
  const traced = environment.traces?.recording(recording) ?? recording;
  const reported = environment.reports?.recording(traced) ?? traced;
  reported.end(errorReport(command ?? '', { exitStatus: status, errors, taken: inventory }, secrets));
  return status;
}

function interruption({ interrupted }: Environment['phase']): Problem {
  return new OperatorError({
    code: 'interrupted',
    message: interrupted ?? 'interrupted before anything was changed',
    next: 'run the command again',
  }).problem;
}
