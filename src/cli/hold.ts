import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Environment, Registration } from './environment.ts';
import { secondsUntil } from './moment.ts';
import { addCommonOptions, addExample, type CommonOptions } from './options.ts';

interface HoldCommandOptions extends CommonOptions {
  readonly reason?: string;
  readonly until?: number;
  readonly release: boolean;
}

export function registerHold(program: Command, { environment, finish }: Registration): void {
  const command = addCommonOptions(
    program
      .command('hold')
      .description('Freezes the cluster for everybody: nobody can change its hosts until it is released.'),
    'store it only on these hosts or roles (comma-separated); one host that has it freezes the whole cluster',
  )
    .addOption(new Option('--reason <text>', 'why, in words that others understand').argParser(reasonIn))
    .addOption(
      new Option(
        '--until <time>',
        'when it ends by itself: in 90m, 8h or 2d, at 06:00, or at 2026-11-27T06:00 (default: when it is released)',
      ).argParser((value) => secondsUntil(value)),
    )
    .option('--release', 'release the cluster, whoever has frozen it', false)
    .action(async (options: HoldCommandOptions) => finish(await hold(options, environment)));
  addExample(
    command,
    'clusterproxy hold --inventory prod.yaml --reason "exams" --until 16:00',
    'clusterproxy hold --inventory prod.yaml --release',
  );
}

async function hold(options: HoldCommandOptions, environment: Environment): Promise<number> {
  const [{ openSession }, { holdCluster, releaseCluster }, { exitStatusOf }, { OperatorError }] =
    await Promise.all([
      import('./session.ts'),
      import('../run/claims/hold-run.ts'),
      import('../model/result.ts'),
      import('../model/operator-error.ts'),
    ]);
  const { reason, until: seconds, release } = options;
  const usage = (message: string, next: string) => new OperatorError({ code: 'usage', message, next });
  if (release && (reason !== undefined || seconds !== undefined)) {
    throw usage('--release goes with neither --reason nor --until', 'leave them out');
  }
  if (!release && reason === undefined) {
    throw usage('a hold needs a reason', 'add --reason TEXT: everybody who is refused is shown it');
  }
  const session = await openSession('hold', options, environment, 'connections');
  const runOptions = session.runOptions({ prune: false });
  environment.phase.changing = true;
  const done =
    reason === undefined
      ? await releaseCluster(runOptions)
      : await holdCluster({ ...runOptions, reason, seconds });
  const told = { holds: done.hold === undefined ? [] : [done.hold], heldBefore: done.before };
  session.show('hold', done.result, told);
  return session.end(done.result, { ...told, exitStatus: exitStatusOf(done.result, { comparing: false }) });
}

/** It is stored as one line. */
function reasonIn(value: string): string {
  const reason = value.trim();
  if (reason === '' || reason.length > 200 || /[\u0000-\u001f\u007f]/.test(reason)) {
    throw new InvalidArgumentError('It must be one line of at most 200 characters.');
  }
  return reason;
}
