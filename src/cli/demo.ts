import type { Command } from 'commander';
import type { Environment, Registration } from './environment.ts';
import { addExample } from './options.ts';

interface DemoOptions {
  readonly keep: boolean;
  readonly color: boolean;
}

export function registerDemo(program: Command, { environment, finish }: Registration): void {
  const command = program
    .command('demo')
    .description('Plays the whole story on this machine, with simulated hosts: needs no cluster and no root.')
    .option('--keep', 'leave the hosts running afterwards, to play with, until Ctrl-C', false)
    .option('--no-color', 'disable colours (as does setting NO_COLOR)')
    .action(async (options: DemoOptions) => finish(await demo(options, environment)));
  addExample(command, 'clusterproxy demo', 'clusterproxy demo --keep');
}

async function demo({ keep, color }: DemoOptions, environment: Environment): Promise<number> {
  const { runDemo } = await import('../demo/demo.ts');
  const { output, signal, variables } = environment;
  environment.phase.interruption = "the demo's hosts are taken down";
  await environment.attend();
  return runDemo({
    keep,
    output,
    signal,
    color: color && output.results.takesColor,
    program: [process.execPath, process.argv[1] ?? ''],
    variables: color ? variables : { ...variables, NO_COLOR: '1' },
  });
}
