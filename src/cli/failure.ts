import { OperatorError, type Problem, problemsOf } from '../model/operator-error.ts';
import { exitStatus } from '../model/result.ts';
import { errorReport, renderJson } from '../report/json.ts';
import { renderProblems } from '../report/problem.ts';
import { makeStyle } from '../report/style.ts';
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
  const { output, secrets } = environment;
  const shown = secrets.maskAll(interrupted && !changing ? [interruption()] : problems);
  if (argv.includes('--json')) output.document(renderJson(errorReport(command ?? '', status, shown)));
  const style = makeStyle({
    columns: output.messages.columns,
    color: output.messages.takesColor && !argv.includes('--no-color'),
    verbose: argv.includes('--verbose'),
  });
  output.messages.write(`${renderProblems(shown, style).join('\n')}\n`);
  return status;
}

function interruption(): Problem {
  return new OperatorError({
    code: 'interrupted',
    message: 'interrupted before anything was changed',
    next: 'run the command again',
  }).problem;
}
