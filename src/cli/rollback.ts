import type { Command } from 'commander';
import { addChangeOptions, type ChangeOptions, changeOptionsOf } from './change-options.ts';
import type { Environment, Registration } from './environment.ts';
import { addCommonOptions, addExample, type CommonOptions } from './options.ts';
import { addReportOptions, type ReportOptions } from './report-options.ts';
import { windowOf } from './window-options.ts';

interface RollbackOptions extends CommonOptions, ChangeOptions, ReportOptions {
  readonly run?: string;
  readonly removePackages: boolean;
}

export function registerRollback(program: Command, { environment, finish }: Registration): void {
  const command = addReportOptions(
    addChangeOptions(
      addCommonOptions(
        program.command('rollback').description('Undoes what a run changed, on all hosts that it touched.'),
      ).option('--run <id>', 'the run to undo (default: the latest)'),
      { force: 'interrupt people who are connected, and discard what was changed since the run' },
    ),
  )
    .option('--remove-packages', 'also remove the packages that the run installed', false)
    .action(async (options: RollbackOptions) => finish(await rollback(options, environment)));
  addExample(
    command,
    'clusterproxy rollback --inventory prod.yaml',
    'clusterproxy rollback --inventory prod.yaml --run 20261121T074501Z-4f2a9c',
  );
}

async function rollback(options: RollbackOptions, environment: Environment): Promise<number> {
  const [{ openSession }, { planRollback }, { carryOut }, { isDue }] = await Promise.all([
    import('./session.ts'),
    import('../run/rollback-run.ts'),
    import('./carry-out.ts'),
    import('../model/plan.ts'),
  ]);
  const session = await openSession('rollback', options, environment, 'known');
  const runOptions = session.runOptions({ prune: false });
  const { run, force, removePackages } = options;
  const { onceOnly } = await import('./tell-run.ts');
  const called = { command: 'rollback', limit: options.limit, more: { run, force, removePackages } };
  const once = await onceOnly(session, called, { options, runOptions });
  if ('told' in once) return once.told;
  const planned = await planRollback({ ...runOptions, run, force, removePackages });
  const status = await carryOut(planned, session, {
    ...runOptions,
    ...changeOptionsOf(options),
    window: await windowOf(session.inventory, options, environment),
    command: 'rollback',
    ...(planned.undoneWords === undefined ? {} : { question: `Roll back ${planned.undoneWords}, on` }),
    leave: environment.leave,
    exactly: false,
    yes: options.yes,
    dryRun: options.dryRun,
    refusal: undefined,
    ...once,
  });
  // A rollback of a rollback makes the hosts as the inventory wants them.
  if (
    status === 0 &&
    !options.dryRun &&
    (planned.undone === 'apply' || planned.undone === 'resume') &&
    planned.plan.hosts.some(isDue)
  ) {
    session.message(
      `${options.inventory} still asks for what was undone: change it, or the next apply makes these changes again`,
    );
  }
  return status;
}
