import type { Command } from 'commander';
import { startedBy } from '../package-root.ts';
import type { ViewOptions } from '../report/choose-view.ts';
import { addColorOptions } from './color-option.ts';
import type { Environment, Registration } from './environment.ts';
import { addExample } from './options.ts';

interface DemoOptions {
  readonly keep: boolean;
  readonly color: ViewOptions['color'];
}

export function registerDemo(program: Command, { environment, finish }: Registration): void {
  const command = program
    .command('demo')
    .description('Plays the whole story on this machine, with simulated hosts: needs no cluster and no root.')
    .option('--keep', 'leave the hosts running afterwards, to play with, until Ctrl-C', false)
    .action(async (options: DemoOptions) => finish(await demo(options, environment)));
  addColorOptions(command);
  addExample(command, 'clusterproxy demo', 'clusterproxy demo --keep');
}

async function demo({ keep, color }: DemoOptions, environment: Environment): Promise<number> {
  const [{ runDemo }, { isColored }] = await Promise.all([
    import('../demo/demo.ts'),
    import('../report/terminal/style.ts'),
  ]);
  const { output, signal, variables } = environment;
  environment.phase.interruption = "the demo's hosts are taken down";
  await environment.attend();
  return runDemo({
    keep,
    output,
    signal,
    color: isColored(color, output.results),
    program: startedBy(),
    variables: { ...variables, ...colorVariable(color), CLUSTERPROXY_PAGER: '' },
  });
}

/** For the commands that it runs. */
function colorVariable(color: ViewOptions['color']): Readonly<Record<string, string>> {
  if (color === 'always') return { FORCE_COLOR: '1' };
  return color ? {} : { FORCE_COLOR: '', NO_COLOR: '1' };
}
