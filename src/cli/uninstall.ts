import type { Command } from 'commander';
import type { Environment, Registration } from './environment.ts';
import { addCommonOptions, addExample, type CommonOptions } from './options.ts';

interface UninstallOptions extends CommonOptions {
  readonly yes: boolean;
  readonly dryRun: boolean;
}

export function registerUninstall(program: Command, { environment, finish }: Registration): void {
  const command = addCommonOptions(
    program
      .command('uninstall')
      .description(
        'Removes what clusterproxy itself stores on the hosts; the files that it manages stay as they are.',
      ),
  )
    .option('--yes', "don't ask for confirmation", false)
    .option('--dry-run', 'show what would be removed and stop', false)
    .action(async (options: UninstallOptions) => finish(await uninstall(options, environment)));
  addExample(
    command,
    'clusterproxy uninstall --inventory prod.yaml',
    'clusterproxy uninstall --inventory prod.yaml --limit node-02',
  );
}

async function uninstall(options: UninstallOptions, environment: Environment): Promise<number> {
  const [{ openSession }, { planUninstall, uninstallRun }, { usualApply }, { carryOut }] = await Promise.all([
    import('./session.ts'),
    import('../run/uninstall-run.ts'),
    import('../run/options.ts'),
    import('./carry-out.ts'),
  ]);
  const session = await openSession('uninstall', options, environment, 'connections');
  const runOptions = session.runOptions({ prune: false });
  const planned = await planUninstall(runOptions);
  return carryOut(planned, session, {
    ...usualApply,
    ...runOptions,
    command: 'uninstall',
    maxFailures: 0,
    leave: environment.leave,
    yes: options.yes,
    dryRun: options.dryRun,
    refusal: undefined,
    start: uninstallRun,
  });
}
