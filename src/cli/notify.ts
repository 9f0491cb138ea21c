import type { Command } from 'commander';
import type { Registration } from './environment.ts';
import { addCommonOptions, addExample } from './options.ts';
import type { StatusOptions } from './schedule-options.ts';

export function registerNotify(program: Command, { environment, finish }: Registration): void {
  const group = program
    .command('notify')
    .description('Tells people what scheduled runs find: tries it, and shows what waits.');
  const state = ['--state <folder>', 'where scheduled runs are recorded (default: your own folder)'] as const;
  const test = addCommonOptions(
    group.command('test').description('Sends a test message to each target, and says how each answered.'),
  )
    .option(...state)
    .action(async (options: StatusOptions) => {
      const { notifyTest } = await import('./notify-run.ts');
      finish(await notifyTest(options, environment));
    });
  addExample(test, 'clusterproxy notify test --inventory prod.yaml');
  const status = addCommonOptions(
    group.command('status').description('Shows what waits for each target, and why.'),
  )
    .option(...state)
    .action(async (options: StatusOptions) => {
      const { notifyStatus } = await import('./notify-run.ts');
      finish(await notifyStatus(options, environment));
    });
  addExample(status, 'clusterproxy notify status --inventory prod.yaml');
  for (const command of [test, status])
    for (const option of command.options)
      if (['--limit', '--parallel'].includes(option.long ?? '')) option.hideHelp();
}
