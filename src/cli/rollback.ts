import type { Command } from 'commander';
import type { Environment, Registration } from './environment.ts';
import { addCommonOptions, addExample, type CommonOptions, wholeNumber } from './options.ts';

interface RollbackOptions extends CommonOptions {
  readonly run?: string;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly maxFailures: number;
}

export function registerRollback(program: Command, { environment, finish }: Registration): void {
  const command = addCommonOptions(
    program.command('rollback').description('Gives back what a run changed, on all hosts that it touched.'),
  )
    .option('--run <id>', 'the run to undo (default: the latest)')
    .option('--yes', "don't ask", false)
    .option('--dry-run', 'stop after the plan', false)
    .option('--force', 'interrupt running meetings, and undo a run although files changed since', false)
    .option('--max-failures <n>', 'go on with other hosts while no more than so many failed', wholeNumber, 0)
    .action(async (options: RollbackOptions) => finish(await rollback(options, environment)));
  addExample(
    command,
    'clusterproxy rollback --inventory prod.yaml',
    'clusterproxy rollback --inventory prod.yaml --run 20261121T074501Z-4f2a9c',
  );
}

async function rollback(options: RollbackOptions, environment: Environment): Promise<number> {
  const [{ openSession }, { planRollback }, { carryOut }] = await Promise.all([
    import('./session.ts'),
    import('../run/rollback-run.ts'),
    import('./carry-out.ts'),
  ]);
  const session = await openSession(options, environment);
  const runOptions = session.runOptions({ prune: false });
  const plan = await planRollback({ ...runOptions, run: options.run, force: options.force });
  return carryOut(plan, session, {
    ...runOptions,
    command: 'rollback',
    force: options.force,
    maxFailures: options.maxFailures,
    yes: options.yes,
    dryRun: options.dryRun,
    refusal: undefined,
  });
}
